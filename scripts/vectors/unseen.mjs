// @ts-check
/**
 * Invalid vectors in which a reader that begins at the tail, and reads all blocks through the index, meets nothing that is wrong: it touches no keyspace-start,
 * gap, keyspace-end or skipped frame, and knows no sequence. Two readers, of which none made this list, are held against it.
 */
export const UNSEEN = new Set(`
  abort-field-unknown abort-reason-missing abort-reason-type bin-16-long-form bin-32-long-form bin-as-str end-blocks-missing end-blocks-more
  end-blocks-type end-digest-0 end-digest-31 end-digest-33 end-digest-bit end-digest-missing end-digest-type end-digest end-entries-2-53-1
  end-entries-2-53 end-entries-missing end-entries-more end-entries-type end-field-twice end-field-unknown end-gaps-less end-gaps-missing
  end-gaps-more end-gaps-type end-keyBytes-missing end-keyBytes-more end-keyBytes-type end-keyspace-missing end-keyspace-type end-keyspace-unknown
  end-keyspace end-rawBytes-missing end-rawBytes-more end-rawBytes-type end-result-in-full end-result-missing-in-delta end-result-missing
  end-result-type end-storedBytes-missing end-storedBytes-more end-storedBytes-type end-valueBytes-missing end-valueBytes-more end-valueBytes-type
  footer-digest footer-keyBytes-moved footer-result-digest footer-result-entries footer-valueBytes-moved foreign-1 foreign-5 forged-drop-last-end forged-end-of-empty
  forged-index-of-none forged-keyspace-more forged-start-beyond forged-two-footers gap-after-empty-key gap-after-missing gap-after-nil
  gap-after-nothing gap-after-type gap-after-wrong gap-before-empty-key gap-before-missing gap-before-nil gap-before-nothing gap-before-type
  gap-before-wrong gap-blocks-18446744073709551615 gap-blocks-9007199254740992 gap-blocks-missing gap-blocks-type gap-bytes-missing gap-bytes-type
  gap-entries-missing gap-entries-type gap-field-twice gap-field-unknown gap-in-full gap-keyspace-missing gap-keyspace-type gap-keyspace gap-outside
  gap-trailing gap-twice-around-index gap-twice index-late-1-mib keyspace-end-trailing keyspace-start-trailing limit-gap-key-beyond limit-gap-key limit-name-beyond
  limit-name newer-skipped-bit payload-bit-abort payload-bit-gap payload-bit-keyspace-end payload-bit-keyspace-start result-digest-missing
  result-digest-type result-entries-missing result-entries-type result-field-twice result-field-unknown sequence-first start-field-twice
  start-field-unknown start-keyspace-missing start-keyspace-type start-keyspace-unknown start-name-missing start-name-type start-name
  start-order-missing start-order-type start-order
`.trim().split(/\s+/));
