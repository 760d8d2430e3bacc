import fc from "../../support/properties.js";
import { SLED } from "#src/engines/sled/engine.js";
import { openSledSink } from "#src/engines/sled/sled.js";
import { engineSuite } from "../suite.js";

engineSuite({
  engine: SLED,
  openSink: (path) => openSledSink(path, { create: false }),
  names: fc.oneof(fc.constant(Buffer.from("default")), fc.uint8Array({ minLength: 1, maxLength: 12 })),
  keepsReverse: false,
  scansBothWays: true,
});
