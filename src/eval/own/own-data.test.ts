import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { samplesText } from "../run/run-folder.js";
import type { Task } from "../task.js";
import { type OwnDataRequest, ownData } from "./own-data.js";
import { OWN_METRICS } from "./scored-task.js";

const IMAGES = ["a.png", "sub/b.png", "c\u0301.png"];
const read = (file: string, text: string, more: Partial<OwnDataRequest> = {}) =>
  ownData({ file, text, folder: "pics", images: IMAGES, ...more });
function scored(file: string, text: string, more: Partial<OwnDataRequest> = {}): Task {
  const data = read(file, text, more);
  if (data.kind !== "scored") throw new Error("no scored task");
  return data.task;
}
const problems = (task: Pick<Task, "problems">) => task.problems.map(({ line, what }) => `${line}: ${what}`);
const CSV = "image,question,answers,group\n";

describe("own questions with right answers", () => {
  it("are the same task from CSV, TSV, JSON lines and a JSON list", () => {
    const rows = [
      { image: "a.png", question: 'Who says "hi", and when?', answers: ["Ann", "Anne"], group: "who" },
      { image: "sub/b.png", question: "How\nmany?", answers: ["2"], group: "count" },
    ];
    const capital = (name: string) => name[0].toUpperCase() + name.slice(1);
    const inCapitals = rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [capital(k), v])));
    const table = (separator: string) =>
      [
        ["image", "QUESTION", "answers", "group"],
        ["a.png", '"Who says ""hi"", and when?"', "Ann | Anne", "who"],
        ["./sub\\b.png", '"How\r\nmany?"', '"[""2""]"', "count"],
      ]
        .map((cells) => cells.join(separator))
        .join("\r\n");
    const texts = {
      "q.csv": table(","),
      "q.tsv": table("\t"),
      "q.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
      "q.JSON": JSON.stringify(rows, undefined, 2),
      "q.ndjson": JSON.stringify(inCapitals),
    };
    const tasks = Object.entries(texts).map(([file, text]) => scored(file, text));
    for (const { samples } of tasks) expect(samples).toEqual(tasks[0].samples);
    const [{ samples, ...task }] = tasks;
    expect(task).toMatchObject({ id: "q", rule: "own", headline: "exact_match", maxScore: 1, problems: [] });
    expect(samples[0]).toEqual({
      docId: 0,
      questionId: 0,
      image: { path: "a.png" },
      picture: "a.png",
      prompt: 'Who says "hi", and when?\nAnswer the question using a single word or phrase.',
      question: 'Who says "hi", and when?\nAnswer the question using a single word or phrase.',
      relevanceText: 'Who says "hi", and when?',
      target: "Ann",
      truth: ["Ann", "Anne"],
      category: "who",
      group: "0",
    });
    expect(tasks.map((each) => each.score(["anne", "three"]).metrics)).toEqual(
      tasks.map(() => ({ exact_match: 0.5, "exact_match/who": 1, "exact_match/count": 0 })),
    );
  });

  it("show options with letters, and find the right one by letter, index or text", () => {
    const text = `image,question,options,answer\na.png,Which?,cat|dog|"owl",x\n`.replace('"owl"', "owl");
    for (const answer of ["C", "c", "2", "owl", "OWL"]) {
      const { samples, headline, sampleScore } = scored("q.csv", text.replace(",x\n", `,${answer}\n`));
      expect([samples[0].target, headline]).toEqual(["C", "accuracy"]);
      expect(samples[0].question).toBe(
        "Which?\nA. cat\nB. dog\nC. owl\nAnswer with the option's letter from the given choices directly.",
      );
      expect(["C", "(c)", "An owl", "dog", "?"].map((given) => sampleScore(samples[0], given))).toEqual([
        1, 1, 1, 0, 0,
      ]);
    }
    expect(scored("q.csv", text.replace(",x\n", ",A\n"), { plain: true }).samples[0].question).toBe("Which?");
  });

  it.each([
    [["1", "2", "3"], "2", 'answer "2" is option C by its index and option B by its text'],
    [["B", "A"], "A", 'answer "A" is option A by its letter and option B by its text'],
    [["cat", "dog"], "2", 'answer "2", none of the options by letter, index from 0, or text'],
    [["cat", "dog"], "bird", 'answer "bird", none of the options'],
    [["cat", "Cat"], "A", 'option "Cat" twice'],
    [["cat"], "A", "1 options, where 2 to 26 have letters"],
    [["cat", "x".repeat(1001)], "A", "a text of 1001 characters"],
    [["x", " ", "blue", "g"], "C", "option B is empty"],
    [["x", "y", ""], "A", "option C is empty"],
    [["caf\u00e9", "cafe\u0301"], "A", "twice"],
    // Both an index and a text.
    [[2, 4, 6], 2, 'answer "2" is option C by its index and option A by its text'],
  ])("refuse %j with the answer %j", (options: unknown[], answer, message) => {
    const rows = [
      { image: "a.png", question: "q", options, answer },
      { image: "a.png", question: "q", options: ["yes", "no"], answer: "no" },
    ];
    const task = scored("q.json", JSON.stringify(rows));
    expect(problems(task)).toEqual([expect.stringContaining(message)]);
    expect(problems(task)[0]).toMatch(/^1: /);
    expect(task.samples).toHaveLength(1);
    expect(() => scored("q.json", JSON.stringify(rows), { strict: true })).toThrow(message);
  });

  it("take a number of JSON for an index, whatever the texts are", () => {
    const row = { image: "a.png", question: "q", options: ["1", "2", "3"], answer: 1 };
    expect(scored("q.json", JSON.stringify([row])).samples[0].target).toBe("B");
    const numbers = { ...row, options: [2, 4, 6], answer: 4 };
    expect(scored("q.json", JSON.stringify([numbers])).samples[0].target).toBe("B");
  });

  it("keep the places of empty options in a table, but for bars at its end", () => {
    const rows = [
      "red||blue|green,B",
      "red||blue|green,1",
      "red|blue| |,B",
      "|red|blue,B",
      "||,A",
      '"[""red"","""",""x""]",C',
    ];
    const task = scored("q.csv", `image,question,options,answer\n${rows.map((row) => `a.png,q,${row}\n`).join("")}`);
    expect(task.samples.map(({ docId, target }) => [docId, target])).toEqual([[2, "B"]]);
    expect(problems(task)).toEqual([
      "2: option B is empty",
      "3: option B is empty",
      "5: option A is empty",
      "6: option A is empty",
      "7: option B is empty",
    ]);
  });

  it("have a bounded number of answers", () => {
    const row = (count: number) => JSON.stringify({ image: "a.png", question: "q", answers: Array(count).fill("x") });
    const task = scored("q.jsonl", `${row(1000)}\n${row(1001)}`, { metric: "anls" });
    expect(problems(task)).toEqual(["2: 1001 answers, where a row has 1000 at most"]);
  });

  it("are scored by what their answers are, or as told", () => {
    const row = (...answers: string[]) => JSON.stringify({ image: "a.png", question: "q", answers });
    const headline = (text: string, more = {}) => scored("q.jsonl", text, more).headline;
    expect(headline(row("a", "b"))).toBe("exact_match");
    expect(headline(`${row("a", "a", "b")}\n${row("a", "b", "c")}`)).toBe("soft_accuracy");
    // Three names of one thing are no three people.
    expect(headline(row("NYC", "New York", "N.Y."))).toBe("exact_match");
    expect(headline(`${row("a", "a", "b")}\n${row("a")}`)).toBe("exact_match");
    expect(headline(row("a"), { metric: "anls" })).toBe("anls");
    const soft = scored("q.jsonl", `${row("a", "a", "b")}\n${row("a", "a")}`, { metric: "soft_accuracy" });
    expect(problems(soft)).toEqual(["2: 2 answers, where soft accuracy compares 3 or more"]);
    expect(() => scored("q.jsonl", row("a"), { metric: "accuracy" })).toThrow(/accuracy can score, got no options/);
    const options = JSON.stringify({ image: "a.png", question: "q", options: ["a", "b"], answer: "a" });
    expect(() => scored("q.jsonl", options, { metric: "anls" })).toThrow(/scored by accuracy and not by anls/);
    expect(problems(scored("q.jsonl", `${options}\n${row("a")}`))).toEqual(["2: no options, which accuracy needs"]);
  });

  it("leave out rows that cannot be used, each with its line and reason", () => {
    const text = [
      "image,question,answers,id",
      "a.png,fine,yes,1",
      "../a.png,q,yes,2",
      "/etc/a.png,q,yes,3",
      "https://x/a.png,q,yes,4",
      "C:\\a.png,q,yes,5",
      "B.PNG,q,yes,6",
      "a.png,,yes,7",
      "a.png,q,,8",
      'a.png,"two\nlines",yes,1',
      "a.png,q",
      "a.png,q,yes,9,more",
      'a.png,"q"x,yes,10',
      'a.png,q,"[""yes""",11',
      ",,,",
    ].join("\n");
    const task = scored("q.csv", text);
    expect(task.samples.map(({ questionId }) => questionId)).toEqual(["1"]);
    expect(problems(task)).toEqual([
      '3: image "../a.png" is outside of pics',
      '4: image "/etc/a.png", where a path below pics belongs',
      '5: image "https://x/a.png", where a path below pics belongs',
      '6: image "C:\\\\a.png", where a path below pics belongs',
      '7: no image "B.PNG" in pics; did you mean sub/b.png?',
      "8: no question",
      "9: no right answer, which other rows have: it is not asked",
      "10: id 1 again, first in line 2",
      "12: 2 fields, where the head has 4",
      "13: 5 fields, where the head has 4",
      "14: text behind the closing quote in field 2",
      expect.stringMatching(/^15: answers: what begins with \[ is a JSON list: expected JSON/),
    ]);
    expect(() => scored("q.csv", text, { strict: true })).toThrow(/a usable row in line 3 of q\.csv, got image/);
  });

  it("that change a right answer change what a run is recognized by, also where the most frequent one stays", () => {
    const hash = (answers: string[]) =>
      samplesText(scored("q.json", JSON.stringify([{ image: "a.png", question: "q", answers }])).samples);
    expect(hash(["a", "a", "b"])).not.toBe(hash(["a", "a", "c"]));
    expect(hash(["a"])).not.toContain("truth");
  });

  it("have each name once, in any case", () => {
    const text =
      '{"image":"a.png","question":"q","answer":"x"}\n{"image":"a.png","question":"q","answer":"x","Answer":"y"}';
    expect(problems(scored("q.jsonl", text))).toEqual(["2: answer twice, in different cases"]);
    expect(() => scored("q.jsonl", "[1]")).toThrow(/^eval: .*got none; the first problem/);
  });

  it("name an image as it is listed, else by the nearest of the same name", () => {
    const images = ["e\u0301.png", "\u00e9.png", "d/a.png", "a.png"].sort();
    const rows = ["e\u0301.png", "\u00e9.png", "./e\u0301.png", "A.PNG", "x/A.png"];
    const task = scored("q.csv", CSV + rows.map((path) => `${path},q,a,\n`).join(""), { images });
    expect(task.samples.map(({ picture }) => picture)).toEqual(["e\u0301.png", "\u00e9.png", "e\u0301.png"]);
    expect(problems(task)).toEqual([
      '5: no image "A.PNG" in pics; did you mean a.png?',
      '6: no image "x/A.png" in pics; did you mean a.png?',
    ]);
  });

  it("find images by another spelling of the same path", () => {
    const rows = ["sub/../a.png", "sub//b.png", "sub\\b.png", "\u0107.png"];
    const { samples } = scored("q.csv", CSV + rows.map((path) => `${path},q,a,\n`).join(""));
    expect(samples.map(({ picture }) => picture)).toEqual(["a.png", "sub/b.png", "sub/b.png", "c\u0301.png"]);
  });

  it("may have no image, but not all of them", () => {
    const data = read("q.csv", `${CSV}a.png,q,a,\n,q,b,\n`);
    expect(data).toMatchObject({ notes: ["1 of 2 questions name no image and are asked as text alone."] });
    expect(() => read("q.csv", `${CSV},q,a,\n`)).toThrow(/images in rows of q\.csv/);
    expect(() => read("q.csv", "question,answers\nq,a\n")).toThrow(/images in rows of q\.csv/);
  });

  it("name the groups that no number has", () => {
    const rows = "a.png,q,a,kept\nlost.png,q,b,far\na.png,q,,near\na.png,q,c,";
    const note = "No number has the groups far, near: no row is asked.";
    expect(read("q.csv", `${CSV}${rows}\n`)).toMatchObject({ notes: [note] });
    expect(read("q.csv", `${CSV}a.png,q,a,one\na.png,r,a,one\n`)).toMatchObject({ notes: [] });
    const drawn = read("q.csv", `${CSV}a.png,q,a,one\na.png,r,a,two\n`, { subset: { limit: 1, seed: 1 } });
    expect(drawn).toMatchObject({ notes: [expect.stringMatching(/^No number has the group (one|two): /)] });
  });

  it("say which name is not read where it looks like one that is", () => {
    expect(problems(scored("q.csv", "image,question,answer,grup\na.png,q,a,x\n"))).toEqual([
      '1: "grup" is not read; did you mean group?',
    ]);
    const json = (row: object) => JSON.stringify({ image: "a.png", question: "q", ...row });
    const data = read("q.jsonl", `${json({ anwsers: ["a"] })}\n${json({ anwsers: ["a"] })}`);
    expect([data.kind, ...problems(data.task)]).toEqual([
      "agreement",
      '1: "anwsers" is not read; did you mean answers?',
    ]);
  });

  it.each([
    ["pope.csv", "own_pope"],
    ["syn_x.csv", "own_syn_x"],
    ["My quéstions (1).csv", "My-quéstions-1-"],
    ["..csv", "own_."],
    ["-x.csv", "own_-x"],
    [`${"x".repeat(79)}\u{20000}b.csv`, `${"x".repeat(79)}\u{20000}`],
    [`${"\u4e2d".repeat(80)}.csv`, "\u4e2d".repeat(66)],
  ])("of %s are the task %s", (file, id) => expect(scored(file, `${CSV}a.png,q,a,\n`).id).toBe(id));

  it.each([
    ["q.csv", "", /got an empty file/],
    ["q.csv", "image,question\n", /questions in q\.csv, got none/],
    ["q.csv", "image,qestion,answers\na,b,c\n", /the column "question".*got "image", "qestion".*did you mean question/],
    ["q.csv", "image;question;answers\na;b;c\n", /commas between columns in q\.csv, got one with semicolons/],
    ["q.tsv", "image,question,answers\na,b,c\n", /tabs between columns in q\.tsv, got one with commas/],
    ["q.csv", "image,question,question\na,b,c\n", /one column "question" in q\.csv, got two/],
    ["q.csv", '"image";"question"\na;b\n', /a head in q\.csv, got a semicolon where a comma separates fields/],
    ["q.csv", 'image,"question"s\na,b\n', /a head in q\.csv, got text behind the closing quote/],
    ["q.csv", 'image,question\na.png,"what\n', /closed quotes in q\.csv, got one that opens in line 2/],
    ["q.csv", `${Array.from({ length: 1001 }, (_, i) => `c${i}`)}`, /at most 1000 columns in q\.csv, got 1001/],
    ["q.xlsx", "PK", /a file that ends in \.csv/],
    ["q.json", '{"question', /questions in q\.json, got none; the first problem: no JSON/],
    ["q.json", '[{"question":"a"}', /JSON in q\.json/],
    ["q.json", '{\n"questions": []}', /one a line or in a list in q\.json, got one over several lines/],
    ["q.json", "what?", /JSON objects, one a line or in a list in q\.json/],
    ["q.txt", " \n", /questions in q\.txt, got none/],
    ["q.jsonl", `${"[".repeat(50_000)}${"]".repeat(50_000)}`, /questions in q\.jsonl, got none/],
    ["q.jsonl", `{"question":"q","answers":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, /got none; the first problem/],
    ["q.txt", "q\n".repeat(250_001), /at most 250000 rows/],
    ["q.txt", "q\n".repeat(100_000), /at most 250000 questions of q\.txt about images, got 300000/],
  ])("are refused as a whole: %s %#", (file, text, message) => {
    expect(() => read(file, text)).toThrow(message);
  });
});

describe("ownData", () => {
  const given = { file: "q.txt", text: "q", folder: "pics", images: IMAGES };
  it.each([
    [undefined, /text as a text, got nothing/],
    [null, /options as a plain object, got null/],
    [{ ...given, text: new Uint8Array(3) }, /text as a text/],
    [{ ...given, images: "a.png" }, /images as a list/],
    [{ ...given, metric: "rouge" }, /metric as one of "accuracy"/],
    [{ ...given, maxNewTokens: 0 }, /maxNewTokens as a whole number from 1/],
    [{ ...given, plain: "yes" }, /plain as true or false/],
  ])("refuses options that do not fit %#", (options, message) => {
    expect(() => ownData(options as never)).toThrow(message);
  });
});

describe("own questions without right answers", () => {
  const asked = (file: string, text: string) => {
    const { kind, task } = read(file, text);
    expect(kind).toBe("agreement");
    return task.samples.map(({ picture, question }) => [picture, question]);
  };

  it("are lines about every image, or rows about one, asked as they are", () => {
    const every = (question: string) => IMAGES.map((image) => [image, question]);
    expect(asked("q.txt", "what?\n\nwho?\r\n")).toEqual([...every("what?"), ...every("who?")]);
    expect(asked("q.csv", "\ufeffquestion\nwhat?\n")).toEqual(every("what?"));
    expect(asked("q.txt", '{"image":"a.png","text":"what?"}')).toEqual([["a.png", "what?"]]);
    expect(asked("q.jsonl", '{"question":"x"}\n{"image":"sub/b.png","question":"y"}')).toEqual([
      ...every("x"),
      ["sub/b.png", "y"],
    ]);
  });

  it("have nothing that a metric compares with", () => {
    expect(() => read("q.txt", "what?", { metric: "anls" })).toThrow(/answers in q\.txt, which --metric compares/);
  });
});

describe("scores of own questions", () => {
  const word = fc.stringMatching(/^[a-z]{2,7}( [a-z]{2,7})?$/);
  const rows = (metric: string): fc.Arbitrary<object[]> =>
    fc.array<object>(
      metric === "accuracy"
        ? fc
            .uniqueArray(word, { minLength: 2, maxLength: 6 })
            .chain((options) => fc.nat(options.length - 1).map((answer) => ({ options, answer })))
        : fc
            .tuple(fc.array(word, { maxLength: 3 }), word)
            .map(([others, own]) => ({ answers: [own, ...others, own, own, own] })),
      { minLength: 1, maxLength: 6 },
    );

  it.each(OWN_METRICS)("by %s lie in 0 to 1, are 1 for the right answers, and do not depend on the order", (metric) => {
    fc.assert(
      fc.property(rows(metric), fc.array(fc.string()), (made, given) => {
        const text = (list: readonly object[]) =>
          list.map((row) => JSON.stringify({ image: "a.png", question: "q", group: "g", ...row })).join("\n");
        const task = scored("q.jsonl", text(made), { metric });
        const right = task.samples.map(({ target }) => target);
        expect(task.score(right).metrics).toEqual({ [metric]: task.maxScore, [`${metric}/g`]: 1 });
        const answers = task.samples.map((_, i) => given[i]);
        const { metrics } = task.score(answers);
        expect(metrics[metric]).toBeGreaterThanOrEqual(0);
        expect(metrics[metric]).toBeLessThanOrEqual(1);
        const turned = scored("q.jsonl", text(made.toReversed()), { metric });
        expect(turned.score(answers.toReversed()).metrics[metric]).toBeCloseTo(metrics[metric] as number, 12);
      }),
      { numRuns: 50 },
    );
  });

  it("by accuracy say how many answers name no option", () => {
    const row = { image: "a.png", question: "q", options: ["cat", "dog"], answer: "dog" };
    const { score } = scored("q.json", JSON.stringify([row, row]));
    expect(score(["a bird", "B"]).warnings).toEqual(["1 of 2 answers name no option and are wrong"]);
    expect(score([undefined, "B"]).warnings).toEqual(["1 of 2 answers are missing and count as wrong"]);
  });
});
