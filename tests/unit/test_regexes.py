"""Regular expressions, from a pattern in the syntax of Rust's regex crate to one of PostgreSQL."""

from __future__ import annotations

import pytest

from service.compile.fragment import raw
from service.compile.regexes import check_regex, compile_regex
from service.compile.regexes.characters import (
    ALL,
    NO_CHARACTERS,
    Characters,
    of_codes,
    of_ranges,
    of_text,
)
from service.compile.regexes.unicode import case_folded, digits, word_characters
from service.core.errors import InvalidRequest


def translated(pattern: str) -> str:
    (value,) = compile_regex(raw("t"), pattern).values
    assert isinstance(value, str)
    return value


# --------------------------------------------------------------------------------- the translation


def test_a_pattern_becomes_one_condition_with_the_expression_as_its_value():
    fragment = compile_regex(raw("(%s::text)", "subject"), "a.c%s")

    assert fragment.text == '((%s::text) COLLATE "C" ~ %s)'
    assert fragment.values == ("subject", r"a[^\u000a]c\u0025s")


# (pattern, expression of PostgreSQL)
TRANSLATED: list[tuple[str, str]] = [
    ("", ""),
    ("abc", "abc"),
    ("日本 é", "日本 é"),
    # nothing is special by accident: directors, options, classes, back-references
    (r"\*\*\*:a", r"\u002a\u002a\u002a\u003aa"),
    (r"\(\?i\)a", r"\u0028\u003fi\u0029a"),
    (r"\\m\\1", r"\u005cm\u005c1"),
    ("[[.a.]=]", r"[\u002e\u003da]"),
    ("a]b}", r"a\u005db\u007d"),
    (r"\x41\u{e9}\U0001F600", "Aé😀"),
    # groups and greediness do not matter
    ("(a)(?:b)(?P<n>c)(?<m>d)", "abcd"),
    ("a*?b+?c??d{2}?e{2,}?f{2,3}?", "a*b+c?d{2}e{2,}f{2,3}"),
    ("(?U)a*(?-U)", "a*"),
    ("(ab)+|c", "(?:ab)+|c"),
    # alternatives
    ("a|b|[c-e]|fg", "fg|[a-e]"),
    ("|ab", "(?:ab)?"),
    ("abc|abd", "ab[cd]"),
    ("xab|yyab", "(?:x|yy)ab"),
    # counts
    ("a{0}b{1}", "b"),
    ("(?:a{2}){3}", "a{6}"),
    ("(?:a{2})*", "(?:a{2})*"),
    ("(?:a?){300}", "a{0,255}a{0,45}"),
    ("a{300}", "a{255}a{45}"),
    ("a{300,}", "a{255}a{45,}"),
    ("a{200,600}", "a{200,255}a{0,255}a{0,90}"),
    ("a**", "a*"),
    ("(?:a+)?", "a*"),
    # anchors, the same inside a group or in the middle
    ("^a$", "^a$"),
    (r"\Aa\z", "^a$"),
    ("(?m)^a$", r"(?<![^\u000a])a(?![^\u000a])"),
    ("(?mR)^-$", r"(?:(?<![^\u000a])|(?<=\u000d))\u002d(?:(?![^\u000d])|(?=\u000a))"),
    ("(?:^|/)a", r"(?:^|\u002f)a"),
    # assertions are not repeated
    ("^*a", "a"),
    ("^+a", "^a"),
    ("(?:^|$){2,3}", "^|$"),
    # ... and left out where the characters beside them decide
    (r"(?-u)\bfoo\b", "(?<![0-9A-Z_a-z])foo(?![0-9A-Z_a-z])"),
    (r"(?-u)a\b-", r"a\u002d"),
    (r"(?-u)a\Bb", "ab"),
    (r"(?-u)\b{start}(a|b)", "(?<![0-9A-Z_a-z])[ab]"),
    (r"(?-u)\b{end-half}", "(?![0-9A-Z_a-z])"),
    ("^^a", "^a"),
    # what can match nothing
    ("a[b&&c]|d", "d"),
    ("a[b&&c]*", "a"),
    (r"a^|\x00", r"[^\u0001-\U0010ffff]"),
    # classes: the shorter way to write them
    ("[a-cx]", "[a-cx]"),
    ("[^a]", "[^a]"),
    (r"[^\x00]", "."),
    ("(?s).", "."),
    (".", r"[^\u000a]"),
    ("(?R).", r"[^\u000a\u000d]"),
    (r"[\x{D7FE}-\x{E001}]", "[\ud7fe-\ue001]"),
    ("[[:alpha:]--[b-y]~~z]", "[A-Za]"),
    (r"[[:digit:]&&[^5]]", "[0-46-9]"),
    # case, as Unicode sees it
    ("(?i)k1", "[Kk\u212a]1"),
    ("a(?i)b|c", "a[Bb]|[Cc]"),
    ("(?i)s(?-i:s)", "[Ssſ]s"),
    ("(?i)ß", "[ßẞ]"),
    ("(?i-u)k", "[Kk]"),
    ("(?i)[^k]", "[^Kk\u212a]"),
    # white space without a meaning
    ("(?x) a b # c\n [ d ] \\ e", "abd e"),
    ("(?x: a ) b", "a b"),
]


@pytest.mark.parametrize(("pattern", "expression"), TRANSLATED, ids=ascii)
def test_a_pattern_becomes_an_expression_of_postgresql(pattern: str, expression: str):
    assert translated(pattern) == expression


@pytest.mark.parametrize("pattern", [r"\w", r"\W", r"\pL", r"\d", "(?i)[a-z]", r"[^\w\s]"])
def test_a_large_class_is_a_single_bracket_expression(pattern: str):
    written = translated(pattern)

    assert written[0] + written[-1] == "[]"
    assert len(written) < 2000


def test_a_word_boundary_beside_a_word_looks_at_one_side_only():
    assert translated(r"\bfoo\b").count("(?") == 2
    assert translated(r"\b").count("(?") == 5


def test_no_pattern_starts_with_what_postgresql_takes_for_options():
    for pattern, _ in TRANSLATED:
        assert not translated(f"(?:{pattern})").startswith(("***", "(?i", "(?x"))


# ---------------------------------------------------------------------------------------- mistakes


# (pattern, part of the message)
REFUSED: list[tuple[str, str]] = [
    ("(a", "unclosed group: '(' without ')', at character 1"),
    ("a)", "unopened group: ')' without '(', at character 2"),
    ("[a", "unclosed character class: '[' without ']', at character 1"),
    ("[]", "unclosed character class"),
    ("[z-a]", "invalid range in a character class: its end comes before its start"),
    (r"[\d-z]", "range whose ends are not both characters"),
    (r"[\b]", "an assertion in a character class"),
    ("*a", "quantifier with nothing to repeat, at character 1"),
    ("a|*", "quantifier with nothing to repeat"),
    ("(?i)*", "quantifier with nothing to repeat"),
    ("(?)", "quantifier with nothing to repeat"),
    ("a{2", "unclosed count: '{' without '}'"),
    ("a{,2}", "count without a number"),
    ("a{3,2}", "count whose end is less than its start"),
    ("a{4294967296}", "too large"),
    ("a\\", "nothing to escape"),
    (r"\y", r"unknown escape '\\y'"),
    (r"(a)\1", "backreference"),
    ("(?=a)", "look-around"),
    ("a(?<!b)", "look-around"),
    ("(?<1>a)", "a group whose name"),
    ("(?<n>a)(?P<n>b)", "two groups with the same name"),
    ("(?y)", "flags that are unknown, repeated or not closed"),
    ("(?i-i)", "flags that are unknown, repeated or not closed"),
    ("(?i-)", "flags that end in '-'"),
    (r"\xZZ", "hexadecimal escape"),
    (r"\x{D800}", "hexadecimal escape that is no character"),
    (r"\x{110000}", "hexadecimal escape that is no character"),
    (r"\b{middle}", "unknown word boundary"),
    (r"\p{L", r"unclosed '\\p{'"),
    # what PostgreSQL or Python does not know
    (r"\p{Greek}", "Unicode property 'Greek', which is not supported"),
    (r"[\p{sc=Han}]", "Unicode property 'sc=Han', which is not supported"),
    ("(?-u).", "can match a part of a character"),
    ("(?-u)[^a]", "can match a part of a character"),
    (r"(?-u)\xFF", "can match a part of a character"),
    (r"(?-u)\pL", "class of Unicode without the flag 'u'"),
    # no text
    ("a\ud800", "a lone surrogate"),
]


@pytest.mark.parametrize(("pattern", "reason"), REFUSED, ids=ascii)
def test_a_pattern_with_a_mistake_is_refused_with_the_reason(pattern: str, reason: str):
    with pytest.raises(InvalidRequest) as caught:
        check_regex(pattern)

    assert caught.value.message.startswith("regex ")
    assert reason.replace(r"\\", "\\") in caught.value.message
    caught.value.message.encode()


def test_the_message_says_in_words_what_is_wrong_with_which_pattern_and_where():
    with pytest.raises(InvalidRequest) as caught:
        check_regex("(a|b[c)")

    assert caught.value.message == (
        "regex '(a|b[c)' has an unclosed character class: '[' without ']', at character 5"
    )


def test_a_message_shows_only_the_start_of_a_long_pattern():
    with pytest.raises(InvalidRequest, match=r"^.{,150}$"):
        check_regex("x" * 5000)


# -------------------------------------------------------------------------------------- the limits


ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"

# (what is accepted, what is too much, part of the message)
LIMITS: list[tuple[str, str, str]] = [
    ("é" * 2048, "é" * 2048 + "a", "4097 bytes long, the limit is 4096 bytes"),
    ("(" * 50 + ")" * 50, "(" * 51 + ")" * 51, "nests groups too deep, the limit is 50 levels"),
    ("[" * 50 + "a" + "]" * 50, "[" * 51 + "a" + "]" * 51, "nests brackets too deep"),
    ("(?:ab){1000}", "(?:ab){1001}", "repeats too much, the limit is 2000 characters"),
    ("(?:a{40}b){48}", "(?:a{40}b){49}", "repeats too much"),
    ("(?:a?b?){50}", "(?:a?b?){51}", "optional parts and assertions"),
    (ALPHABET + ".{1850}", ALPHABET + "012345.{1850}", "too many different classes"),
    (r"(?:\Ba?){9}", r"(?:\Ba?){10}", "in a row, the limit is 100"),
    (r"\w " * 30, r"\w " * 50, "too many large classes"),
]


@pytest.mark.parametrize(("accepted", "refused", "reason"), LIMITS, ids=lambda text: text[:20])
def test_a_pattern_beyond_a_limit_is_refused(accepted: str, refused: str, reason: str):
    check_regex(accepted)

    with pytest.raises(InvalidRequest, match=reason):
        check_regex(refused)


# ----------------------------------------------------------------------------------- the characters


A_TO_E = of_text("abcde")


# (set, ranges)
SETS: list[tuple[Characters, tuple[tuple[int, int], ...]]] = [
    (of_ranges([(5, 9), (1, 2), (3, 4), (8, 12), (20, 20)]), ((1, 12), (20, 20))),
    (of_codes([7, 5, 6, 9]), ((5, 7), (9, 9))),
    (A_TO_E & of_text("bcxyz"), ((98, 99),)),
    (A_TO_E - of_text("c"), ((97, 98), (100, 101))),
    (A_TO_E ^ of_text("ef"), ((97, 100), (102, 102))),
    (~A_TO_E & of_text("fa"), ((102, 102),)),
    (~NO_CHARACTERS, ((0, 0x10FFFF),)),
    (~ALL, ()),
    (~~A_TO_E, ((97, 101),)),
]


@pytest.mark.parametrize(("members", "ranges"), SETS)
def test_a_set_is_kept_as_ranges_in_order(members: Characters, ranges: tuple[tuple[int, int], ...]):
    assert members.ranges == ranges


def test_a_set_knows_its_members():
    assert 97 in A_TO_E
    assert 102 not in A_TO_E
    assert len(A_TO_E) == 5
    assert list(A_TO_E.codes()) == [97, 98, 99, 100, 101]
    assert not NO_CHARACTERS


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("k", "kK\u212a"),
        ("1é", "1éÉ"),
        ("ß", "ßẞ"),
        ("σ", "σςΣ"),
        ("İ", "İ"),
        ("ﬅ", "ﬅﬆ"),
        ("ǆ", "ǆǅǄ"),
    ],
)
def test_ignoring_case_adds_what_folds_to_the_same_character(text: str, folded: str):
    assert case_folded(of_text(text)) == of_text(folded)


def test_ignoring_case_is_the_same_for_a_set_and_for_what_is_left_of_all():
    assert case_folded(ALL - of_text("aK")) == ALL
    assert case_folded(ALL - of_text("aAkK")) == ALL - of_text("aA")
    assert case_folded(word_characters()) == word_characters()


def test_the_classes_of_unicode_are_wider_than_ascii():
    assert all(ord(character) in word_characters() for character in "aZ0_éßλ日٣\u0301ⓐⅧ\u200d‿")
    assert not any(ord(character) in word_characters() for character in " -²€😀\n\u200b")
    assert all(ord(character) in digits() for character in "09٣९")
