import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../core/index.js";
import { MAX_HEADER_BYTES, MAX_TENSORS } from "./format.js";
import { parseSafetensors } from "./parse.js";

/** A file with the given header text (or bytes), data of `dataBytes` bytes 0, 1, 2, … and, if given, a lying length. */
function craft(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  for (let i = 0; i < dataBytes; i++) bytes[8 + text.length + i] = i;
  return bytes;
}

const entry = (dtype: unknown, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

/** One F32 pair named a: 8 bytes of data. */
const PAIR = `"a":${entry("F32", [2], [0, 8])}`;

const base64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

describe("parseSafetensors", () => {
  it("reads a file of the official library: shapes, an empty tensor, a scalar, metadata", () => {
    // Written by the Python package safetensors 0.8.0.
    const { tensors, metadata } = parseSafetensors(
      base64(
        "IAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5Ijoic2FmZXRlbnNvcnMgMC44LjAifSwiYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNo" +
          "YXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzAsMTJdfSwibm9uZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZz" +
          "ZXRzIjpbMTIsMTJdfSwic2NhbGFyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlsxMiwxNl19LCJ3ZWln" +
          "aHRzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19fSDNzMw9zcxMPpqZmT4AAOBAAADA" +
          "PwAAAMAAAIA+5rFhfw==",
      ),
    );
    expect([...metadata]).toEqual([["made by", "safetensors 0.8.0"]]);
    expect(Object.fromEntries(tensors)).toEqual({
      bias: { dtype: "F32", shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) },
      none: { dtype: "F32", shape: [0, 4], data: new Float32Array(0) },
      scalar: { dtype: "F32", shape: [], data: Float32Array.of(7) },
      weights: { dtype: "F32", shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 3e38) },
    });
  });

  it("reads a file of the official library: six data types, half and bfloat16 as raw bits", () => {
    const { tensors } = parseSafetensors(
      base64(
        "YAEAAAAAAAB7ImlkIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJ3aWRlIjp7ImR0eXBlIjoi" +
          "RjY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjRdfSwiYnJhaW4iOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsyXSwi" +
          "ZGF0YV9vZmZzZXRzIjpbMjQsMjhdfSwiaGFsZiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzI4LDM0" +
          "XX0sInNtYWxsIjp7ImR0eXBlIjoiSTgiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlszNCwzNV19LCJmbGFnIjp7ImR0eXBlIjoi" +
          "Qk9PTCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzM1LDM4XX19ICAg//////////8AAAAAAAAAQJqZmZmZmbk/gD9JQAA8ALj/" +
          "e/kBAAE=",
      ),
    );
    expect(Object.fromEntries([...tensors].map(([name, { data }]) => [name, data]))).toEqual({
      id: BigInt64Array.of(-1n, 2n ** 62n),
      wide: Float64Array.of(0.1),
      brain: Uint16Array.of(0x3f80, 0x4049),
      half: Uint16Array.of(0x3c00, 0xb800, 0x7bff),
      small: Int8Array.of(-7),
      flag: Uint8Array.of(1, 0, 1),
    });
  });

  it("reads every golden file to the shapes that its description lists", () => {
    const folder = new URL("../../../tests/golden/compress/", import.meta.url);
    const { cases } = JSON.parse(readFileSync(new URL("index.json", folder), "utf8"));
    expect(cases).toHaveLength(17);
    for (const { name, N, C } of cases) {
      const description = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
      const { tensors, metadata } = parseSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
      const shapes = [...tensors].map(([tensor, { shape }]) => [tensor, shape]);
      expect(Object.fromEntries(shapes), name).toEqual(description.tensors);
      expect(metadata.get("name")).toBe(name);
      expect(tensors.get("in.keys")).toMatchObject({ dtype: "F32", shape: [N + 1, C] });
      expect(tensors.get("in.keys")?.data).toHaveLength((N + 1) * C);
    }
  });

  it("gives a view of the bytes where the values are aligned and a copy where they are not", () => {
    const header = `{"x":${entry("F32", [1], [1, 5])},"pad":${entry("U8", [1], [0, 1])}}`;
    for (const spaces of [0, 1, 2, 3]) {
      const bytes = craft(header + " ".repeat(spaces), 5);
      const x = parseSafetensors(bytes).tensors.get("x");
      const at = bytes.length - 4;
      expect(x?.data).toEqual(Float32Array.of(new DataView(bytes.buffer).getFloat32(at, true)));
      expect(x?.data.buffer === bytes.buffer).toBe(at % 4 === 0);
    }
  });

  it("reads bytes that lie within a larger buffer", () => {
    const file = craft(`{${PAIR}}`, 8);
    const larger = new Uint8Array(file.length + 100).fill(0x7b);
    larger.set(file, 13);
    const { tensors } = parseSafetensors(larger.subarray(13, 13 + file.length));
    expect(tensors.get("a")).toEqual(parseSafetensors(file).tensors.get("a"));
  });

  it("takes names of object properties for what they are: names", () => {
    const bytes = craft(
      `{"__proto__":${entry("U8", [1], [0, 1])},"constructor":${entry("U8", [1], [1, 2])},` +
        `"__metadata__":{"__proto__":"text"}}`,
      2,
    );
    const { tensors, metadata } = parseSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["__proto__", "constructor"]);
    expect(metadata.get("__proto__")).toBe("text");
    expect(Object.hasOwn(Object.prototype, "dtype")).toBe(false);
    expect(() => parseSafetensors(craft(`{"a":{"__proto__":${entry("U8", [0], [0, 0])}}}`))).toThrow(FormatError);
  });

  it("accepts what the format allows: no tensors, spaces behind the header, empty tensors between others", () => {
    expect(parseSafetensors(craft("{}")).tensors.size).toBe(0);
    expect(parseSafetensors(craft(`{${PAIR}}   `, 8)).tensors.size).toBe(1);
    const empty = entry("I64", [3, 0], [8, 8]);
    const bytes = craft(`{"e":${empty},${PAIR},"b":${entry("U8", [1], [8, 9])}}`, 9);
    expect(parseSafetensors(bytes).tensors.get("e")?.data).toEqual(new BigInt64Array(0));
  });

  it.each(["C64", "F4", "F8_E4M3FNUZ", "F31", "toString"])("keeps the others beside a tensor of %s", (dtype) => {
    const { tensors, unread } = parseSafetensors(craft(`{${PAIR},"b":${entry(dtype, [1], [8, 16])}}`, 16));
    expect([...tensors.keys()]).toEqual(["a"]);
    expect([...unread]).toEqual([["b", dtype]]);
    // Its place is checked all the same.
    expect(() => parseSafetensors(craft(`{${PAIR},"b":${entry(dtype, [1], [9, 16])}}`, 16))).toThrow(/a hole/);
  });

  it("reads metadata that is null as none, and a header behind a byte order mark", () => {
    const none = parseSafetensors(craft(`{"__metadata__":null,${PAIR}}`, 8));
    expect([none.tensors.size, none.metadata.size]).toEqual([1, 0]);
    expect(parseSafetensors(craft(`\ufeff{${PAIR}}`, 8)).tensors.get("a")).toEqual(none.tensors.get("a"));
  });

  const big = Number.MAX_SAFE_INTEGER;
  const lies: [what: string, bytes: Uint8Array, expected: string, got: string][] = [
    ["no bytes", new Uint8Array(0), "at least 8 bytes", "0"],
    ["7 bytes", new Uint8Array(7), "at least 8 bytes", "7"],
    ["a header longer than the file", craft(`{${PAIR}}`, 8, 1000n), "a header of 1000 bytes", "62 bytes after"],
    [
      "a header length of 2^64 - 1",
      craft("{}", 0, 2n ** 64n - 1n),
      `at most ${MAX_HEADER_BYTES}`,
      "18446744073709551615",
    ],
    ["a header length one too large", craft("{}", 0, 3n), "a header of 3 bytes", "2 bytes after its length"],
    [
      "a header one above the limit",
      craft(`{${" ".repeat(MAX_HEADER_BYTES - 1)}}`),
      "at most",
      `${MAX_HEADER_BYTES + 1}`,
    ],
    ["an empty header", craft(""), "starts with {", "nothing"],
    ["a header of a list", craft("[1]"), "starts with {", "91"],
    ["a header behind a space", craft(" {}"), "starts with {", "32"],
    ["a header that is no UTF-8", craft(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "UTF-8 JSON", "no UTF-8"],
    ["a header that is no JSON", craft("{'a':1}"), "UTF-8 JSON", "no JSON"],
    ["text behind the header", craft(`{${PAIR}}x`, 8), "UTF-8 JSON", "no JSON"],
    ["two tensors of one name", craft(`{${PAIR},${PAIR}}`, 8), "every key once", '"a" twice'],
    [
      "a field that comes twice",
      craft(`{"a":{"dtype":"U8",${entry("F32", [2], [0, 8]).slice(1)}}`, 8),
      "key once",
      '"dtype" twice',
    ],
    ["metadata that is text", craft(`{"__metadata__":"x"}`), "__metadata__ as an object", '"x"'],
    ["metadata that holds a number", craft(`{"__metadata__":{"seed":1}}`), '"seed" as a string', "1"],
    ["a tensor that is a number", craft(`{"a":1}`), 'an object for "a"', "1"],
    ["a tensor that is null", craft(`{"a":null}`), 'an object for "a"', "null"],
    ["no dtype", craft(`{"a":${entry(undefined, [1], [0, 1])}}`, 1), 'dtype of "a" as text, such as F64', "nothing"],
    ["a list as dtype", craft(`{"a":${entry(["F32"], [1], [0, 4])}}`, 4), "dtype of", '["F32"]'],
    ["no shape", craft(`{"a":${entry("U8", undefined, [0, 1])}}`, 1), 'shape of "a"', "nothing"],
    ["a shape that is a number", craft(`{"a":${entry("U8", 1, [0, 1])}}`, 1), 'shape of "a"', "1"],
    ["a negative axis", craft(`{"a":${entry("U8", [-1, -1], [0, 1])}}`, 1), 'shape of "a"', "[-1,-1]"],
    ["half an axis", craft(`{"a":${entry("U8", [0.5, 2], [0, 1])}}`, 1), 'shape of "a"', "[0.5,2]"],
    ["an axis above 2^53", craft(`{"a":${entry("U8", [2 ** 53], [0, 1])}}`, 1), 'shape of "a"', `[${2 ** 53}]`],
    ["an axis as text", craft(`{"a":${entry("U8", ["1"], [0, 1])}}`, 1), 'shape of "a"', '["1"]'],
    [
      "a product that overflows",
      craft(`{"a":${entry("U8", [big, big], [0, 1])}}`, 1),
      "below 2^53 bytes",
      `[${big},${big}]`,
    ],
    ["a product that overflows before a 0", craft(`{"a":${entry("U8", [big, big, 0], [0, 0])}}`), "below 2^53", "0]"],
    ["bytes that overflow", craft(`{"a":${entry("F64", [big], [0, 8])}}`, 8), "below 2^53 bytes", `[${big}]`],
    ["fewer bytes than the shape", craft(`{"a":${entry("F32", [64, 32], [0, 100])}}`, 100), '8192 bytes of "a"', "100"],
    ["more bytes than the shape", craft(`{"a":${entry("F32", [1], [0, 8])}}`, 8), '4 bytes of "a"', "8"],
    ["no offsets", craft(`{"a":${entry("U8", [1], undefined)}}`, 1), 'data_offsets of "a"', "nothing"],
    ["one offset", craft(`{"a":${entry("U8", [1], [1])}}`, 1), 'data_offsets of "a"', "[1]"],
    ["three offsets", craft(`{"a":${entry("U8", [1], [0, 1, 1])}}`, 1), 'data_offsets of "a"', "[0,1,1]"],
    ["offsets that are no whole numbers", craft(`{"a":${entry("U8", [1], [0.5, 1.5])}}`, 1), "offsets", "[0.5,1.5]"],
    ["a negative offset", craft(`{"a":${entry("U8", [2], [-1, 1])}}`, 1), 'data_offsets of "a"', "[-1,1]"],
    ["an end before the begin", craft(`{"a":${entry("U8", [1], [1, 0])}}`, 1), 'data_offsets of "a"', "[1,0]"],
    ["data beyond the file", craft(`{${PAIR}}`, 7), 'data of "a" within 7 bytes', "its end at 8"],
    [
      "offsets of a terabyte",
      craft(`{"a":${entry("U8", [2 ** 40], [0, 2 ** 40])}}`, 1),
      "within 1 bytes",
      `${2 ** 40}`,
    ],
    ["an overlap", craft(`{${PAIR},"b":${entry("U8", [4], [4, 8])}}`, 8), 'data of "b" from byte 8', "4 (an overlap)"],
    ["the same bytes twice", craft(`{${PAIR},"b":${entry("F32", [2], [0, 8])}}`, 8), 'data of "b"', "0 (an overlap)"],
    ["an empty tensor inside another", craft(`{${PAIR},"e":${entry("U8", [0], [4, 4])}}`, 8), '"e"', "4 (an overlap)"],
    ["a hole before the first", craft(`{"a":${entry("U8", [1], [1, 2])}}`, 2), 'data of "a" from byte 0', "1 (a hole)"],
    ["a hole between two", craft(`{${PAIR},"b":${entry("U8", [1], [9, 10])}}`, 10), "from byte 8", "9 (a hole)"],
    ["bytes behind the last", craft(`{${PAIR}}`, 9), "8 bytes of data", "9"],
    ["data without tensors", craft("{}", 1), "0 bytes of data", "1"],
  ];
  it.each(lies)("refuses %s", (_, bytes, expected, got) => {
    const error = refusal(() => parseSafetensors(bytes, { operation: "open", file: "lie.safetensors" }));
    expect(error.operation).toBe("open");
    expect(error.expected).toContain(expected);
    expect(error.expected).toMatch(/ in lie\.safetensors$/);
    expect(error.got).toContain(got);
  });

  it("refuses more tensors than the limit and reads exactly as many", () => {
    const header = (count: number) =>
      `{${Array.from({ length: count }, (_, i) => `"${i}":${entry("U8", [0], [0, 0])}`).join(",")}}`;
    expect(parseSafetensors(craft(header(MAX_TENSORS))).tensors.size).toBe(MAX_TENSORS);
    expect(refusal(() => parseSafetensors(craft(header(MAX_TENSORS + 1)))).got).toBe(String(MAX_TENSORS + 1));
  });

  it("shows hostile names and values in short, without control characters, however deep they are", () => {
    const name = `\u001b[2J${"x".repeat(10_000)}`;
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    for (const shape of [deep, `[${deep}]`, `[${"1,".repeat(1000)}-1]`, `"${"y".repeat(1000)}"`]) {
      const header = `{${JSON.stringify(name)}:{"dtype":"U8","shape":${shape},"data_offsets":[0,1]}}`;
      const { message } = refusal(() => parseSafetensors(craft(header, 1)));
      expect(message.length).toBeLessThan(400);
      expect(message).toContain("\\u001b[2Jxxx");
    }
  });

  it("reads or refuses with FormatError, whatever happens to the bytes of a file", () => {
    const header = `{"__metadata__":{"k":"v"},${PAIR},"b":${entry("I64", [1, 2], [8, 24])},"c":${entry("BOOL", [0], [24, 24])}}`;
    const valid = craft(header, 24);
    const jsonBytes = [...new TextEncoder().encode('{}[]",:-+.0123456789eE\\ntu ')];
    const change = fc.record({
      at: fc.nat(valid.length - 1),
      remove: fc.nat(3),
      insert: fc.array(fc.oneof(fc.constantFrom(...jsonBytes), fc.nat(255)), { maxLength: 3 }),
    });
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, honestLength) => {
        const bytes = [...valid];
        for (const { at, remove, insert } of changes) bytes.splice(at, remove, ...insert);
        const file = Uint8Array.from(bytes);
        // Half of the files get a header length that fits, so that the changes reach the checks behind it.
        if (honestLength && file.length > 32) new DataView(file.buffer).setBigUint64(0, BigInt(file.length - 32), true);
        try {
          for (const { shape, data } of parseSafetensors(file).tensors.values()) {
            expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
          }
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          refused++;
        }
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  it("reads or refuses with FormatError, whatever JSON the header is", () => {
    const field = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("U8", "F32", [1], [0, 1], [0, 4], [4, 5]));
    const tensor = fc.oneof(
      fc.record({ dtype: field, shape: field, data_offsets: field }, { requiredKeys: [] }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constant("__metadata__")), tensor),
        fc.nat(9),
        (json, dataBytes) => {
          try {
            parseSafetensors(craft(JSON.stringify(json), dataBytes));
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function refusal(work: () => unknown): FormatError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  throw new Error("nothing was refused");
}
