// Verifies the frozen vectors' signed events in WebAssembly, and refuses them altered.
//
//   node tests/wasm/verify.mjs LIBRARY.wasm VECTORS.txt

import { readFileSync } from "node:fs";

const [library, vectors] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(library));

// No clock, no randomness, no JavaScript: custody asks its host for nothing.
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) {
    console.log(`it imports ${imports.map(({ module, name }) => `${module}.${name}`).join(", ")}`);
    process.exit(1);
}
const { memory, room, is_signed } = new WebAssembly.Instance(module, {}).exports;

function isSigned(key, event) {
    const at = room(key.length + event.length);
    const bytes = new Uint8Array(memory.buffer, at, key.length + event.length);
    bytes.set(key);
    bytes.set(event, key.length);
    return is_signed() === 1;
}

function altered(bytes, at) {
    const copy = Uint8Array.from(bytes);
    copy[at] ^= 1;
    return copy;
}

const events = readFileSync(vectors, "utf8")
    .split("\n\n")
    .map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: ?/, 2))))
    .filter(({ kind }) => kind === "event")
    .map(({ name, key, cose }) => ({ name, key: Buffer.from(key, "hex"), cose: Buffer.from(cose, "hex") }));

const failures = events.length > 0 ? [] : ["there are no events among the vectors"];
for (const { name, key, cose } of events) {
    const signature = cose.length - 64;
    const other = events.find((event) => !event.key.equals(key));
    const cases = [
        ["as it is", true, key, cose],
        ["with another signature", false, key, altered(cose, cose.length - 1)],
        // The payload ends three bytes before: the signature is 64 bytes with a head of two.
        ["with another payload", false, key, altered(cose, signature - 3)],
        ["cut off", false, key, cose.subarray(0, -1)],
        ["by another device", false, other.key, cose],
    ];
    for (const [how, expected, by, event] of cases) {
        if (isSigned(by, event) !== expected) failures.push(`${name}, ${how}: ${!expected}`);
    }
}
failures.forEach((failure) => console.log(failure));
if (failures.length > 0) process.exit(1);
console.log(`${events.length} signed events verified in WebAssembly, and none of them altered`);
