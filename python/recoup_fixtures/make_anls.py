"""Reference data of ANLS (arXiv 1907.00490) in lmms-eval's reading: a table of cases with scores from the definition, written out here.

    python -m recoup_fixtures.make_anls tests/golden/metrics/anls.json [LMMS_EVAL]

LMMS_EVAL: a checkout of lmms-eval; then its own function must give the same. Standard library only.
"""

import ast
import json
import random
import sys
from functools import cache
from pathlib import Path

COMMIT = "75571cf"


def distance(a: str, b: str) -> int:
    """Levenshtein's recursion as it is defined: no table, so that it shares nothing with the code under test."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(a):
            return len(b) - j
        if j == len(b):
            return len(a) - i
        if a[i] == b[j]:
            return rest(i + 1, j + 1)
        return 1 + min(rest(i + 1, j), rest(i, j + 1), rest(i + 1, j + 1))

    return rest(0, 0)


def score(prediction: str, answers: list[str]) -> float:
    given = prediction.strip()
    worst = []
    for answer in answers:
        length = max(len(given.upper()), len(answer.upper()))
        plain = [" ".join(text.lower().split()) for text in (given, answer)]
        worst.append(0.0 if length == 0 else distance(*plain) / length)
    similarity = 1 - min(worst)
    return 0 if similarity < 0.5 else similarity


HAND = [
    ("equal", "March 12, 1999", ["March 12, 1999"]),
    ("case", "NEW york", ["New York"]),
    ("spaces", "  new \t york\n", ["new york"]),
    ("spaces in the truth count in its length", "new york", ["new    york"]),
    ("python's spaces", "a\x1cb\u3000c", ["a b c"]),
    ("a byte order mark is no space", "\ufeffa", ["a"]),
    ("one letter", "1998", ["1999"]),
    ("one half stays", "ab", ["ac"]),
    ("below one half", "abc", ["add"]),
    ("nothing alike", "dog", ["cats"]),
    ("the best of several", "colour", ["paint", "color", "hue"]),
    ("no answer", "", ["yes"]),
    ("blanks alone", "  ", ["yes"]),
    ("both empty", "", [""]),
    ("empty truth", "yes", [""]),
    ("longer answer", "the total is 42 dollars", ["42 dollars"]),
    ("code points", "😀😀", ["😀😁"]),
    ("beyond the basic plane, whole", "𝒜𝒞", ["𝒜𝒞"]),
    ("combining marks are letters", "cafe\u0301", ["café"]),
    ("sharp s grows in upper case", "straße", ["strasse"]),
    ("dotted capital i", "İstanbul", ["istanbul"]),
    ("final sigma", "ΟΔΟΣ", ["οδος"]),
    ("ligature", "ﬁle", ["file"]),
    ("chinese", "北京市", ["北京"]),
    ("punctuation counts", "$1,234.50", ["1234.50"]),
    ("number words are not numbers", "two", ["2"]),
]


def drawn(count: int) -> list[tuple[str, str, list[str]]]:
    """Words with a few changes, by a fixed seed."""
    draw = random.Random(20190701)
    letters = "abcdeé 😀İß"
    cases = []
    for number in range(count):
        answers = ["".join(draw.choices(letters, k=draw.randint(1, 10))) for _ in range(draw.randint(1, 3))]
        text = list(draw.choice(answers))
        for _ in range(draw.randint(0, 4)):
            place = draw.randrange(len(text) + 1)
            text[place : place + draw.randint(0, 1)] = draw.choices(letters)
        cases.append((f"drawn {number}", "".join(text), answers))
    return cases


def upstream(checkout: Path):
    """lmms-eval's `anls`, alone: its module needs packages that are not there."""
    source = (checkout / "lmms_eval/api/metrics.py").read_text(encoding="utf-8")
    wanted = [node for node in ast.parse(source).body if getattr(node, "name", "") in ("levenshtein_distance", "anls")]
    for node in wanted:
        node.decorator_list = []
    names: dict = {}
    exec(compile(ast.Module(wanted, []), "metrics.py", "exec"), names)
    return lambda prediction, answers: names["anls"](answers, [prediction.strip()])["anls"]


def main(out: str, checkout: str | None = None) -> None:
    table = HAND + drawn(60)
    cases = [{"id": name, "pred": pred, "answers": answers, "anls": score(pred, answers)} for name, pred, answers in table]
    if checkout is not None:
        official = upstream(Path(checkout))
        for case in cases:
            given = official(case["pred"], case["answers"])
            assert abs(given - case["anls"]) < 1e-12, (case, given)
    golden = {
        "schema": "metric-golden/anls/1",
        "fields": {"anls": "score of one answer, 0 or 0.5 to 1: the greatest over the truths"},
        "source": f"python/recoup_fixtures/make_anls.py; the same as lmms-eval @{COMMIT} (api/metrics.py) in every case",
        "cases": cases,
    }
    Path(out).write_text(json.dumps(golden, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases, {sum(0 < case['anls'] < 1 for case in cases)} in part")


if __name__ == "__main__":
    main(*sys.argv[1:])
