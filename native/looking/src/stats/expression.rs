//! A regular expression that is looked for in bytes: the syntax of the crate `regex`, of whose engines there are the lazy automaton and,
//! where that can't tell, the one that can tell always. Both are linear in time whatever the expression and the bytes.

use kgdump_shared::fault::{Fault, Outcome};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Input, hybrid};

/// States of a compiled expression. Their bytes are bounded, too, but they depend on how wide addresses are: that limit is for those few that
/// have large states.
const MOST_STATES: usize = 100_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Bytes that are kept of it while it looks.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

pub struct Expression {
    lazy: hybrid::dfa::DFA,
    lazy_cache: hybrid::dfa::Cache,
    /// For what is Unicode's in the bytes where the expression asks for ends of words.
    whole: PikeVM,
    whole_cache: pikevm::Cache,
}

impl Expression {
    /// Errors: USAGE for what is no regular expression, or too large a one.
    pub fn new(text: &str) -> Outcome<Self> {
        let wrong = |why: &str| Fault::new("USAGE", format!("'{text}' is no regular expression: {why}"));
        let too_large = || wrong("it is too large when it is compiled");
        let parsed = syntax::parse_with(text, &syntax::Config::new().utf8(false)).map_err(|error| {
            // It draws the place over several lines; the last one says what is wrong.
            let why = error.to_string();
            wrong(why.lines().last().unwrap_or_default().trim_start_matches("error: "))
        })?;
        let config =
            thompson::Config::new().utf8(false).nfa_size_limit(Some(MOST_BYTES)).which_captures(WhichCaptures::None);
        let nfa: NFA = thompson::Compiler::new().configure(config).build_from_hir(&parsed).map_err(|_| too_large())?;
        if nfa.states().len() > MOST_STATES {
            return Err(too_large());
        }
        let config = hybrid::dfa::Config::new()
            .unicode_word_boundary(true)
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true);
        let failed = |_| Fault::new("INTERNAL", "a regular expression can't be compiled");
        let lazy = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa.clone()).map_err(failed)?;
        let whole =
            PikeVM::new_from_nfa(nfa).map_err(|_| Fault::new("INTERNAL", "a regular expression can't be compiled"))?;
        Ok(Self { lazy_cache: lazy.create_cache(), lazy, whole_cache: whole.create_cache(), whole })
    }

    /// Whether it is found anywhere in the bytes.
    pub fn is_in(&mut self, bytes: &[u8]) -> bool {
        let input = Input::new(bytes).earliest(true);
        match self.lazy.try_search_fwd(&mut self.lazy_cache, &input) {
            Ok(found) => found.is_some(),
            Err(_) => self.whole.is_match(&mut self.whole_cache, input),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn expressions_are_found_in_text_and_in_other_bytes() {
        let cases: [(&str, &[u8], bool); 12] = [
            ("b+c", b"aabbc", true),
            ("^b", b"ab", false),
            ("", b"", true),
            ("(?i)straSSE|É", "é".as_bytes(), true),
            (r"\d", "٣".as_bytes(), true),
            (r"(?-u)\d", "٣".as_bytes(), false),
            // Ends of words that are not ASCII: the automaton can't tell these.
            (r"\bada\b", "é ada é".as_bytes(), true),
            (r"\bada\b", "éada".as_bytes(), false),
            (r"\bada\b", b"\xff ada", true),
            (r"(?-u)\xff$", b"a\xff", true),
            (".", b"\xff", false),
            ("(?s-u).", b"\xff", true),
        ];
        for (text, bytes, is_there) in cases {
            let mut expression = Expression::new(text).unwrap_or_else(|fault| panic!("{}", fault.message));
            assert_eq!([expression.is_in(bytes), expression.is_in(bytes)], [is_there; 2], "{text}");
        }
    }

    #[test]
    fn what_is_none_or_too_large_is_refused() {
        for (text, why) in [
            ("(", "'(' is no regular expression: unclosed group"),
            ("(?:a{500}){500}", "'(?:a{500}){500}' is no regular expression: it is too large when it is compiled"),
        ] {
            let fault = Expression::new(text).err().expect("it can't be taken");
            assert_eq!((fault.code, &fault.message[..]), ("USAGE", why));
        }
    }
}
