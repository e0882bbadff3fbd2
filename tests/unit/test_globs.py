"""Globs, step by step: what is written, what it means, and the SQL that finds it."""

from __future__ import annotations

import pytest

from service.compile.fragment import Fragment, raw
from service.compile.globs import check_glob, compile_glob, regex
from service.compile.globs import tokens as t
from service.compile.globs.bytesets import ANY
from service.compile.globs.expansion import expanded
from service.compile.globs.nodes import Choice, Directories, OneByte, Sequence, Star, Text
from service.compile.globs.parser import GlobSyntaxError, parse
from service.compile.globs.prefixes import successor
from service.compile.globs.simplifier import simplified
from service.core.errors import InvalidRequest

A, B, SLASH = t.Literal("a"), t.Literal("b"), t.Literal("/")
STAR = t.ZeroOrMore()


def one_of(*pairs: str) -> t.CharacterClass:
    return t.CharacterClass(False, tuple((pair[0], pair[-1]) for pair in pairs))


def none_of(*pairs: str) -> t.CharacterClass:
    return t.CharacterClass(True, tuple((pair[0], pair[-1]) for pair in pairs))


def braces(*branches: t.Tokens) -> t.Alternates:
    return t.Alternates(branches)


# (pattern, tokens)
WRITTEN: list[tuple[str, t.Tokens]] = [
    ("", ()),
    ("a?*", (A, t.AnyByte(), STAR)),
    ("!^", (t.Literal("!"), t.Literal("^"))),
    # "**" is recursive only where a whole path component stands
    ("**", (t.RecursivePrefix(),)),
    ("**/", (t.RecursivePrefix(),)),
    ("**/a", (t.RecursivePrefix(), A)),
    ("a/**", (A, t.RecursiveSuffix())),
    ("a/**/b", (A, t.RecursiveMiddle(), B)),
    ("a**", (A, STAR, STAR)),
    ("**a", (STAR, STAR, A)),
    ("***", (STAR, STAR, STAR)),
    ("a/**b", (A, SLASH, STAR, STAR, B)),
    (r"a\/**", (A, t.RecursiveSuffix())),
    ("[/]**", (one_of("/"), STAR, STAR)),
    # neighbours of its kind collapse
    ("**/**/a", (t.RecursivePrefix(), A)),
    ("a/**/**/b", (A, t.RecursiveMiddle(), B)),
    ("a/**/**", (A, t.RecursiveSuffix())),
    # in braces each branch starts anew
    ("{a/**,b}", (braces((A, t.RecursiveSuffix()), (B,)),)),
    ("a{**/b}", (A, braces((t.RecursivePrefix(), B)))),
    ("{**,a}", (braces((STAR, STAR), (A,)),)),
    ("{**/}", (braces((t.RecursivePrefix(),)),)),
    ("{}", (braces(()),)),
    ("{,a}", (braces((), (A,)),)),
    ("{a,{b,}}", (braces((A,), (braces((B,), ()),)),)),
    ("a,b", (A, t.Literal(","), B)),
    # an escaped comma counts as a separator before "**", and is eaten
    (r"{\,**}", (braces((t.RecursiveSuffix(),)),)),
    (r"{a\,**/b}", (braces((A, t.RecursiveMiddle(), B)),)),
    (r"\,**", (t.Literal(","), STAR, STAR)),
    # classes
    ("[abc]", (one_of("a", "b", "c"),)),
    ("[!a-c]", (none_of("ac"),)),
    ("[^a]", (none_of("a"),)),
    ("[a!]", (one_of("a", "!"),)),
    ("[]a]", (one_of("]", "a"),)),
    ("[!]a]", (none_of("]", "a"),)),
    ("[-a-]", (one_of("-", "a", "-"),)),
    ("[a-]x]", (one_of("a", "-"), t.Literal("x"), t.Literal("]"))),
    ("[--/]", (one_of("-/"),)),
    ("[+--]", (one_of("+-"),)),
    (r"[\]]", (one_of("\\"), t.Literal("]"))),
    ("{[,],a}", (braces((one_of(","),), (A,)),)),
    # a "-" after a range moves the end of that range
    ("[a-c-e]", (one_of("ae"),)),
    ("[a-e-c]", (one_of("ac"),)),
    (r"\n\*\\", (t.Literal("n"), t.Literal("*"), t.Literal("\\"))),
]


@pytest.mark.parametrize(("pattern", "tokens"), WRITTEN)
def test_a_pattern_is_read_as_tokens(pattern: str, tokens: t.Tokens):
    assert parse(pattern) == tokens


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("[", "UnclosedClass"),
        ("[]", "UnclosedClass"),
        ("[!]", "UnclosedClass"),
        ("{[}", "UnclosedClass"),
        ("[z-a]", "InvalidRange"),
        ("[é-a]", "InvalidRange"),
        ("[x-y-c]", "InvalidRange"),
        ("}", "UnopenedAlternates"),
        ("{a}}", "UnopenedAlternates"),
        ("**}", "UnopenedAlternates"),
        ("{a", "UnclosedAlternates"),
        (r"{\}", "UnclosedAlternates"),
        ("a\\", "DanglingEscape"),
        # the first one met wins
        ("[z-a", "InvalidRange"),
        ("}[", "UnopenedAlternates"),
        ("{[", "UnclosedClass"),
        ("{\\", "DanglingEscape"),
    ],
)
def test_an_unreadable_pattern_is_refused_with_the_kind_of_mistake(pattern: str, kind: str):
    with pytest.raises(GlobSyntaxError) as caught:
        check_glob(pattern)

    assert caught.value.kind == kind


def test_the_message_of_a_syntax_error_says_in_words_what_is_wrong_with_which_pattern():
    with pytest.raises(InvalidRequest) as caught:
        check_glob("src/[ab")

    assert caught.value.message == (
        "glob 'src/[ab' has an unclosed character class: '[' without ']'"
    )


# (pattern, nodes)
MEANT: list[tuple[str, Sequence]] = [
    ("", ()),
    ("abc", (Text("abc"),)),
    ("**", (Star(),)),
    ("**/**", (Star(),)),
    ("a**b***", (Text("a"), Star(), Text("b"), Star())),
    ("**/*", (Star(),)),
    ("**/a", (Directories(), Text("a"))),
    ("a/**", (Text("a/"), Star())),
    ("a/**/b", (Text("a/"), Directories(), Text("b"))),
    ("a/**/*b", (Text("a/"), Star(), Text("b"))),
    ("*/**/b", (Star(), Text("/b"))),
    (
        "a/**/{**/b,c}",
        (Text("a/"), Directories(), Choice(((Directories(), Text("b")), (Text("c"),)))),
    ),
    ("{**/}{**/}a", (Directories(), Text("a"))),
    ("*??", (OneByte(ANY), OneByte(ANY), Star())),
    ("a[b]c", (Text("abc"),)),
    ("[é]", (OneByte(frozenset("é".encode())),)),
    ("[!b-d]", (OneByte(ANY - frozenset(b"bcd")),)),
    ("[a-é]", (OneByte(frozenset([*range(0x61, 0xC4), 0xA9])),)),
    # an empty branch is no branch, and a single one needs no choice
    ("x{}z", (Text("xz"),)),
    ("{,a}", (Text("a"),)),
    ("{{},{,}}", ()),
    ("{a,{,}}", (Text("a"),)),
    ("{*,}", (Star(),)),
    ("{a,b}", (Choice(((Text("a"),), (Text("b"),))),)),
    ("x{a,a}", (Text("xa"),)),
]


@pytest.mark.parametrize(("pattern", "nodes"), MEANT)
def test_tokens_are_simplified_to_what_they_mean(pattern: str, nodes: Sequence):
    assert simplified(parse(pattern), ignore_case=False) == nodes


@pytest.mark.parametrize(
    ("pattern", "nodes"),
    [
        ("AbÉ", (Text("abÉ"),)),
        ("[K]", (Text("k"),)),
        ("[Z-a]", (OneByte(frozenset(b"[\\]^_`az")),)),
        # upper case does not occur in the text, hence it may as well be accepted
        ("[!a]", (OneByte(ANY - {ord("a")}),)),
        ("[!A-Z]", (OneByte(ANY - frozenset(range(ord("a"), ord("z") + 1))),)),
    ],
)
def test_ignoring_case_lowers_ascii_letters_and_no_others(pattern: str, nodes: Sequence):
    assert simplified(parse(pattern), ignore_case=True) == nodes


# In the expected SQL, x stands for the text in collation "C".
BYTE_VIEW = (
    "CASE WHEN octet_length(x) = char_length(x) THEN x"
    " ELSE convert_from(convert_to(x, 'UTF8'), 'LATIN1') END COLLATE \"C\""
)
RANGE = "x >= %s AND x < %s AND x LIKE %s"

# (pattern, SQL, values)
TRANSLATED: list[tuple[str, str, tuple[object, ...]]] = [
    # only text
    ("", "(x = %s)", ("",)),
    (r"a\*b", "(x = %s)", ("a*b",)),
    ("{a,b}{c,d}", "(x = ANY (%s))", (["ac", "ad", "bc", "bd"],)),
    # only stars; everything that is a text matches "*"
    ("*", "(x LIKE %s)", ("%",)),
    ("**.tsx", "(x LIKE %s)", ("%.tsx",)),
    ("*100%_\\\\", "(x LIKE %s)", ("%100\\%\\_\\\\",)),
    ("*.{js,ts}", "(x LIKE %s OR x LIKE %s)", ("%.js", "%.ts")),
    ("**/foo", "(x = %s OR x LIKE %s)", ("foo", "%/foo")),
    # at least one byte is at least one character
    ("?*.md", "(x LIKE %s)", ("_%.md",)),
    ("*?", "(x LIKE %s)", ("_%",)),
    # a literal start gives a range of the index
    ("/vendor/**", f"({RANGE})", ("/vendor/", "/vendor0", "/vendor/%")),
    ("{b,c}/**", f"(({RANGE}) OR ({RANGE}))", ("b/", "b0", "b/%", "c/", "c0", "c/%")),
    ("{a*,b}", f"(x = %s OR ({RANGE}))", ("b", "a", "b", "a%")),
    # ... but not beside an alternative that needs the whole table
    ("{a*,*b}", "(x LIKE %s OR x LIKE %s)", ("a%", "%b")),
    # the last character has no successor
    ("\U0010ffff*", "(x >= %s AND x LIKE %s)", ("\U0010ffff", "\U0010ffff%")),
    # a lone byte is an ASCII character
    ("?", "(x ~ %s)", (r"^[\u0001-\u007f]$",)),
    ("a[b-d]é", f"({RANGE} AND x ~ %s)", ("a", "b", "a%é", r"^a[b-d]\u00e9$")),
    ("[!a]", "(x ~ %s)", (r"^[\u0001-\u0060b-\u007f]$",)),
    ("[aé]", "(x = %s)", ("a",)),
    (
        "src/*/test_?.py",
        f"({RANGE} AND x ~ %s)",
        ("src/", "src0", r"src/%/test\_%.py", r"^src/.*/test_[\u0001-\u007f]\u002epy$"),
    ),
    # one excluding class beside a star is a character
    ("[!.]*", "(x ~ %s)", (r"^[^\u002e].*$",)),
    ("*[!0-9]x", "(x LIKE %s AND x ~ %s)", ("%x", "^.*[^0-9]x$")),
    # several bytes may be one character
    ("??", "(convert_to(x, 'UTF8') LIKE %s)", (b"__",)),
    ("*é??", "(x LIKE %s AND convert_to(x, 'UTF8') LIKE %s)", ("%é%", "%é__".encode())),
    ("*??", "(convert_to(x, 'UTF8') LIKE %s)", (b"__%",)),
    ("[é][é]", f"({BYTE_VIEW} ~ %s)", (r"^[\u00a9\u00c3][\u00a9\u00c3]$",)),
    ("*[é]", f"({BYTE_VIEW} ~ %s)", (r"^.*[\u00a9\u00c3]$",)),
    ("[!a]*[!b]", f"({BYTE_VIEW} ~ %s)", ("^[^a].*[^b]$",)),
    ("*é[!a]?", f"(x LIKE %s AND {BYTE_VIEW} ~ %s)", ("%é%", r"^.*\u00c3\u00a9[^a].$")),
    # one byte that is no character matches no text
    ("[é]", "(x <> x)", ()),
    ("{[é],a}", "(x = %s)", ("a",)),
    # nothing in a regular expression is special by accident
    (
        "[ab].^$+(|)#-",
        "(x LIKE %s AND x ~ %s)",
        ("%.^$+(|)#-", r"^[a-b]\u002e\u005e\u0024\u002b\u0028\u007c\u0029\u0023-$"),
    ),
    ("[ab]😀", "(x LIKE %s AND x ~ %s)", ("%😀", r"^[a-b]\U0001f600$")),
]


def sql_of(fragment: Fragment, subject: str = 't COLLATE "C"') -> str:
    return fragment.text.replace(subject, "x")


@pytest.mark.parametrize(("pattern", "sql", "values"), TRANSLATED)
def test_a_pattern_becomes_the_cheapest_exact_condition(
    pattern: str, sql: str, values: tuple[object, ...]
):
    fragment = compile_glob(raw("t"), pattern, ignore_case=False)

    assert sql_of(fragment) == sql
    assert fragment.values == values


def test_ignoring_case_compares_lower_case_in_collation_c():
    fragment = compile_glob(raw("t"), "SRC/[A-C]É*", ignore_case=True)

    assert sql_of(fragment, 'lower(t COLLATE "C")') == f"({RANGE} AND x ~ %s)"
    assert fragment.values == ("src/", "src0", "src/%É%", r"^src/[a-c]\u00c9.*$")


def test_the_values_of_the_text_are_repeated_with_it():
    fragment = compile_glob(raw("(%s::text)", "subject"), "a*", ignore_case=False)

    assert sql_of(fragment).count("%s") == len(fragment.values)
    assert fragment.values == ("subject", "a", "subject", "b", "subject", "a%")


def test_every_pattern_binds_as_many_values_as_it_has_placeholders():
    for pattern, *_ in [*WRITTEN, *MEANT, *TRANSLATED]:
        fragment = compile_glob(raw("t"), pattern, ignore_case=True)

        assert sql_of(fragment).count("%s") == len(fragment.values), pattern


@pytest.mark.parametrize(
    ("prefix", "after"),
    [
        ("src/", "src0"),
        ("a\x7f", "a\x80"),
        ("\ud7ff", "\ue000"),
        ("a\U0010ffff\U0010ffff", "b"),
        ("\U0010ffff", None),
    ],
)
def test_the_range_of_a_prefix_ends_at_the_next_text(prefix: str, after: str | None):
    assert successor(prefix) == after


def test_a_pattern_of_1024_bytes_is_the_longest_accepted():
    check_glob("é" * 512)

    with pytest.raises(InvalidRequest, match="1025 bytes long, the limit is 1024 bytes"):
        check_glob("é" * 512 + "a")


def test_256_branches_in_total_are_the_most_accepted():
    check_glob("{" + "," * 127 + "}" + "{" + "," * 127 + "}")

    with pytest.raises(InvalidRequest, match=r"too many branches .* the limit is 256"):
        check_glob("{" + "," * 127 + "}" + "{" + "," * 128 + "}")


def test_16_levels_of_braces_are_the_deepest_accepted():
    check_glob("{a," * 16 + "b" + "}" * 16)

    with pytest.raises(InvalidRequest, match="too deep, the limit is 16 levels"):
        check_glob("{a," * 17 + "b" + "}" * 17)


def test_a_regular_expression_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(regex, "MAX_REGEX_LENGTH", 10)

    check_glob("[ab]")
    with pytest.raises(InvalidRequest, match="regular expression that is too long"):
        check_glob("[ab]" * 4)


def test_more_than_32_spellings_become_one_regular_expression():
    fragment = compile_glob(raw("t"), "src/" + "{a,b}" * 5 + "{c,*}", ignore_case=False)

    assert expanded(simplified(parse("{a,b}" * 5), ignore_case=False)) is not None
    assert expanded(simplified(parse("{a,b}" * 128), ignore_case=False)) is None
    assert sql_of(fragment) == f"({RANGE} AND {BYTE_VIEW} ~ %s)"
    assert fragment.values[-1] == "^src/" + "(?:a|b)" * 5 + "(?:c|.*)$"


@pytest.mark.parametrize(
    ("pattern", "fault"), [("a\0b", "a NUL character"), ("a\ud800", "a lone surrogate")]
)
def test_what_no_text_of_the_database_can_hold_is_refused(pattern: str, fault: str):
    with pytest.raises(InvalidRequest, match=fault) as caught:
        check_glob(pattern)

    caught.value.message.encode()


def test_a_message_shows_only_the_start_of_a_long_pattern():
    with pytest.raises(InvalidRequest, match=r"^.{,150}$"):
        check_glob("x" * 5000)
