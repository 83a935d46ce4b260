"""What a machine can hold of how a chapter teaches: links, terms, drawings, formulas, sentences, cells and exercises.

While you write: `python tests/test_teaching.py 02` (or the path of a notebook) prints all that it finds in the chapter.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("book/glossary.md", "notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")
TAUGHT = (
    "00_start_here", "01_autoencoder", "02_variational_autoencoder", "03_gan", "03b_gan_family",
    "03c_articles_gans", "04_text_generation_lstm", "04b_sentences", "05_transformer", "05b_pieces",
    "06_fine_tuning", "06b_instructions", "06c_preferences",
    "07_diffusion", "07b_few_steps", "08_image_to_image", "08b_without_pairs", "08c_style", "08d_larger_and_repaired",
    "08e_vae_gan", "14_several_machines",
)
WITHOUT_EXERCISES = ("03c_articles_gans",)  # an appendix

LINES, COMMENT, WORDS, LETTERS_OF_ALT, RTOL, ATOL = 15, 100, 40, 20, 1e-6, 1e-4
PIXEL = 3  # pixels of the screen for one of a digit
EXERCISES = ("Derive", "From blank", "Predict", "Your own data")
ALSO = {"KL divergence": ["Kullback–Leibler divergence", "KL"], "ELBO": ["evidence lower bound"],
        "importance weighting": ["importance-weighted", "importance weight"], "top-k sampling": ["top-k"],
        "nucleus sampling": ["nucleus"], "dense layer": ["fully connected layer"]}  # other names of terms
AROUND_MODELS = {"callbacks", "course", "data", "exercises", "metrics", "plots", "widgets"}  # modules of the package
NO_AUTHORS = set("January February March April May June July August September October November December In Since By "
                 "Until From Before After Around About Of To And Summer Spring Autumn Winter Prize Chapter".split())
BANNED = {  # what teaching.md finds bad: what to write instead
    "the data, looked at": "let us look at the data",
    "draw the two numbers at random, and": "pick two random numbers and decode them",
    "what anyone pays who": "the loss of a guess of one half for every pixel",
    r"among how many equally likely \w+": "the effective number of equally likely next characters",
    "runs to whatever place is believed": "the generator puts all its samples in the one spot that …",
    "each of which one or another": "at least one of the five …",
    "everything that you may want to change": "change any setting in the cell below",
    r"\w+ short trainings a good end": "so that the last steps are small and the loss settles",
    "name coloured": "the best model is coloured",
    "whoever": "name the person or the thing",
    "ours|theirs": "name the thing: our model, their loss",
}


class Chapter(NamedTuple):
    name: str
    cells: list
    glossary: str = ""
    solution: list = ()

    def say(self, cell, what, advice):
        what = re.sub(r"\bXx\b", "…", what)  # code, or a formula
        return f"{self.name}{', cell ' + cell.get('id', '?') if cell else ''}: {what} → {advice}"

    def of(self, kind):
        return [cell for cell in self.cells if cell.cell_type == kind]


def chapter_at(path):
    """A chapter as it is stored, with the solutions in the folder beside it."""
    cells, answers = nbformat.read(path, as_version=4).cells, path.parent / "solutions" / path.name
    solution = nbformat.read(answers, as_version=4).cells if answers.exists() else []
    return Chapter(path.stem, cells, (CHECKOUT / "book" / "glossary.md").read_text(encoding="utf-8"), solution)


def excerpt(text):
    return " ".join(text.split())[:60]


def pictures(cell):
    """The alternative text of each picture that a code cell stores, where `plots.show` puts it."""
    found = []
    for output in cell.get("outputs", ()):
        kinds = [kind for kind in output.get("data", ()) if kind.startswith("image/")]
        found += [max(output.metadata.get(kind, {}).get("alt", "") for kind in kinds)] if kinds else []
    return found


# ---- Markdown ----

GREEK = dict(zip("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
                 "phi chi psi omega".split(), "αβγδεζηθικλμνξπρστυφχψω"))
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}
FENCE, SPAN = re.compile(r"^\s*```.*?^\s*```", re.M | re.S), re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
DISPLAY, INLINE = re.compile(r"\$\$(.*?)\$\$", re.S), re.compile(r"(?<![\\$])\$(?![\s$])([^$]*?[^\s\\$])\$(?![\d$])")
BREAK = re.compile(r"</?(?:details|summary|p|div|br|li|ul|ol|t[rdh]|table|fig\w+)\b[^>]*>|<!--.*?-->", re.S)
HEADING, ROW, QUOTE = re.compile(r"^#{1,6} +(.*)$", re.M), re.compile(r"^\s*\|.*$", re.M), re.compile(r"^ *> ?", re.M)
BLOCKS = re.compile(r"\n\s*\n|\n\s*(?=[-*+] |\d+[.)] )")
LINK = re.compile(r"!?\[([^\[\]]*)\]\(((?:[^\s()]|\([^\s()]*\))*)[^()]*\)")
EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,2})(?=\S)((?:(?!\n\s*\n).)+?)(?<=\S)\1(?:\s\([^()]{1,30}\))?", re.S)
SHORT = re.compile(r"\b(?:e\.g|i\.e|cf|vs|Dr|Mrs?|Prof|Figs?|Eqs?|al(?!\. [A-Z])|([Nn]o|pp?)(?=\. \d)|"
                   r"[A-Z](?=\. [A-Z]))\.")  # its dot ends no sentence
END = re.compile(r"(?<=:)\s+|(?<=[.!?…])[\"'”’)\]]*\s+(?![a-z]+\b)")
AUTHOR = r"[^\W\d_a-z][\w’'-]+"
CITATION = re.compile(rf"\b({AUTHOR})((?:(?:,? (?:&|and) |, ){AUTHOR})*(?: et al\.?)?),? \(?((?:19|20)\d\d)\b")
ARXIV = re.compile(r"arXiv: ?(\d{4}\.\d+)", re.I)
PAPER = re.compile(r"(19|20)\d\d|et al|arxiv|doi\.org|openreview|\.pdf$")


def prose(source):
    """Markdown without code, formulas and HTML; `$n$-gram` is n-gram, and other formulas are Xx."""
    source = re.sub(r"\$\\?(\w+)\$(?=-)", lambda symbol: GREEK.get(symbol[1], symbol[1]), FENCE.sub("\n\n", source))
    for pattern, instead in ((SPAN, "Xx"), (DISPLAY, "\n\n"), (INLINE, "Xx"), (BREAK, "\n\n"), (r"</?[a-z][^>]*>", "")):
        source = re.sub(pattern, instead, source)
    return source


def sentences(source):
    """The sentences of a markdown cell as lists of words; a table has none, a formula is one word, an address none."""
    text = QUOTE.sub("", LINK.sub(lambda link: "" if link[0][0] == "!" else link[1], prose(source)))
    for block in BLOCKS.split(ROW.sub("\n", HEADING.sub(r"\n\1\n\n", text))):
        block = " ".join(re.sub(r"\*+|(?<!\w)_+|_+(?!\w)", "", block).split())
        for sentence in END.split(SHORT.sub(lambda short: short[0].replace(".", ""), block)):
            yield re.findall(r"\S*[^\W_]\S*", sentence)


SUMS = re.compile(r"\\(?:sum|prod|max|min)(?:\\limits)?\s*_\s*\{?\s*([a-z])")
SCRIPT = re.compile(r"\\math(?:cal|scr)\s*\{?\s*([A-Z])\s*\}?")
LETTERS = re.compile(r"(?<![\\a-zA-Z])(?:[a-z]{1,2}|[A-Z][a-z]?|[a-z][A-Z])(?![a-zA-Z])")  # KL and mask are words
NO_SYMBOLS = (r"\\\\(\[[^]]*\])?|\\[hv]space\*?\{[^}]*\}|\\(begin|end)\{\w+\*?\}(\{[lcr|]+\})?|\^\{\([a-z]\)\}",
              r"\\(text\w*|math(rm|sf|tt|bb)|operatorname\*?|mbox|tag|label)\s*(\{[^{}]*\}|[A-Za-z](?![a-z]))",
              r"(?<![\\a-zA-Z])(e(?=\s*\^)|d(?=\s*[a-z](?![a-z])|\s*\\[a-z]+|\}\s*\{\s*d))")  # e^x, dz and d/dz


def symbols(formula):
    """The letters of a formula, as x, \\mu and \\mathcal{N}; words, operators, constants and indices are none."""
    for pattern in NO_SYMBOLS:
        formula = re.sub(pattern, " ", formula)
    bound = set(SUMS.findall(formula))
    index = rf"(?<![\\a-zA-Z])[{''.join(bound)}i-nst](?![a-zA-Z])"
    formula = re.sub(r"_\s*(\{[^{}]*\}|[a-z])", lambda low: re.sub(index, "", low[0]), formula)
    scripts, formula = {rf"\mathcal{{{letter}}}" for letter in SCRIPT.findall(formula)}, SCRIPT.sub(" ", formula)
    names = {*re.findall(r"\\(?:var)?([a-zA-Z]+)", formula)} & {*GREEK, "ell"}
    letters = "".join(LETTERS.findall(re.sub(r"\\[a-zA-Z]+", " ", formula)))
    return scripts | {"\\" + name for name in names - {"pi"}} | set(letters) - bound


# ---- the rules: each yields what it finds ----


def citations(text):
    """Yields (what stands there, key) for each author with a year, and each number of arXiv."""
    for match in CITATION.finditer(text):
        author, others, year = match.groups()
        if author not in NO_AUTHORS and (others or author.istitle()):  # ImageNet 2012 is no citation
            yield match[0], (author, year)
    yield from ((match[0], match[1]) for match in ARXIV.finditer(text))


def papers(chapter):
    """Papers are links, at least where a chapter names them first."""
    linked, seen = False, set()
    for cell in chapter.of("markdown"):
        parts = LINK.split(" ".join(prose(cell.source).split()))  # text, link, address, text, link, address, ... text
        for text, address in [(part, parts[at + 1] if at % 3 else "") for at, part in enumerate(parts) if at % 3 < 2]:
            is_link = address.startswith("http")
            linked |= is_link and bool(PAPER.search(text) or PAPER.search(address))
            for what, key in citations(text):
                if key not in seen and not is_link:
                    yield chapter.say(cell, f"“{what}” is no link", "[Authors year](https://arxiv.org/abs/…)")
                seen.add(key)
    if not linked:
        yield chapter.say(None, "no link to a paper", "[Authors year](https://arxiv.org/abs/…)")


def forms(term):
    """What a term of the glossary may be called, such as "auxiliary-classifier GAN" and "AC-GAN"."""
    name = re.sub(r"^(.*), (\w+)$", r"\2 \1", re.sub(r" ?\([^)]*\)", "", term))
    return [name, *re.findall(r"\((\w*[A-Z-][\w-]*)\)$", term), *ALSO.get(name, ())]


def spelled(form):
    """A regular expression for a form: with or without hyphens, plurals, British spelling, part of it in italics."""
    words = r"[\s*_–-]+".join(map(re.escape, re.split("[ –-]", form))).replace("ization", "i[sz]ation")
    return f"({words[:-1]}(?:y|ies))" if words.endswith("y") else f"({words}(?:e?s)?)"


def uses(chapter, terms):
    """{term: [(cell, whether in italics, the words around it)]}; where terms overlap, the longest counts."""
    named = sorted(((form, term) for term in terms for form in forms(term)), key=lambda pair: -len(pair[0]))
    either = "|".join(spelled(form) for form, _ in named)
    found = defaultdict(list)
    for cell in chapter.of("markdown"):
        text = LINK.sub(r"[\1]()", HEADING.sub("", prose(cell.source)))
        marks, links = ([*pattern.finditer(text)] for pattern in (EMPHASIS, LINK))
        for match in re.finditer(rf"(?<![^\W_])(?<!-)(?:{either})(?![^\W_]|-)", text, re.I):
            start, end = match.span()
            over = [mark[2].split() for mark in marks if mark.start() < end and start < mark.end()]
            marked = any(len(words) <= len(match[0].split()) + 3 for words in over)  # more is a question in italics
            if marked or not any(link.start() < start < link.end() for link in links):
                around = " ".join(text[max(start - 30, 0):end + 30].split())
                found[named[match.lastindex - 1][1]].append((cell, marked, around))
    return found


def glossary(chapter):
    """The terms that the glossary gives to a chapter are in italics where they first stand (headings apart)."""
    rows = dict(re.findall(r"^\| (.+?) \|.*\| ([^|]+?) \|$", chapter.glossary, re.M))
    number = chapter.name.split("_")[0].lstrip("0") or "0"
    found = uses(chapter, [term for term in rows if term != "term"])
    for term in (term for term, where in rows.items() if number in where.split(", ")):
        cell, marked, around = found[term][0] if found[term] else (None, False, "")
        later = [f"so far only later, in cell {cell.id}" for cell, marked, _ in found[term] if marked]
        if not cell:
            yield chapter.say(None, f"no “{term}”", "use it, or take the chapter out of its row of book/glossary.md")
        elif not marked:
            yield chapter.say(cell, f"“{term}” first stands in “… {around} …”",
                              f"put it in italics here ({(later + ['so far nowhere'])[0]})")


def drawing_before_formula(chapter):
    """A drawing stands before the first display formula."""
    formulas = [(cell, found[1]) for cell in chapter.of("markdown") if (found := DISPLAY.search(cell.source))]
    drawn = [at for at, cell in enumerate(chapter.cells) if pictures(cell)]
    if formulas and not drawn:
        yield chapter.say(None, "no picture is stored", "run the notebook, and store it with its outputs")
    elif formulas and chapter.cells.index(formulas[0][0]) < drawn[0]:
        yield chapter.say(formulas[0][0], f"no picture before “{excerpt(formulas[0][1])}”", "draw the idea first")


FLOWS = {ast.Assign: ("targets", "value"), ast.AnnAssign: ("target", "value"), ast.AugAssign: ("target", "value"),
         ast.For: ("target", "iter"), ast.comprehension: ("target", "iter")}


def names_in(part):
    nodes = part if isinstance(part, list) else [part] if part else []
    return {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}


def reached(names, nodes):
    """The names, and those that get values computed with them."""
    flows = [[names_in(getattr(node, field)) for field in FLOWS[type(node)]] for node in nodes if type(node) in FLOWS]
    while new := {name for targets, value in flows if value & names for name in targets} - names:
        names = names | new
    return names


def is_close(call):
    """Whether a call of assert_allclose names no tolerance that is too large, or that is not a number."""
    given = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
    bounds = {"rtol": RTOL, "atol": ATOL}
    return all(isinstance(given.get(name, 0), int | float) and given.get(name, 0) <= bounds[name] for name in bounds)


def built_in_view(chapter):
    """What is built in view computes the same as the package."""
    trees = [ast.parse(cell.source) for cell in chapter.of("code")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    own = {each.name for tree in trees for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("aigc_tf.")]
    package = {alias.asname or alias.name for node in imports for alias in node.names
               if not AROUND_MODELS & {alias.name, *node.module.split(".")}}
    in_view, from_package = reached(own, nodes), reached(package, nodes)
    calls = [call for call in nodes if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("assert_allclose")
             and names_in(call) & in_view and names_in(call) & from_package]
    if not own:
        yield chapter.say(None, "no cell defines a class or a function", "build the first model in view")
    elif not calls:
        yield chapter.say(None, "nothing that the chapter builds is held against the package",
                          "np.testing.assert_allclose(what is built in view, the package's, rtol=1e-6)")
    elif not any(map(is_close, calls)):
        yield chapter.say(None, f"“{ast.unparse(calls[0])}”", f"rtol at most {RTOL}, atol {ATOL}, as numbers")


def short_cells(chapter):
    """Code cells are short."""
    for cell in chapter.of("code"):
        if (count := sum(bool(line.strip()) for line in cell.source.splitlines())) > LINES:
            yield chapter.say(cell, f"{count} lines from “{cell.source.splitlines()[0]}”", f"split it: {LINES} at most")


def short_sentences(chapter):
    """Sentences are short."""
    for cell in chapter.of("markdown"):
        for words in (words for words in sentences(cell.source) if len(words) > WORDS):
            yield chapter.say(cell, f"{len(words)} words in “{' '.join(words[:12])} …”", f"split it: {WORDS} at most")


def introduced_symbols(chapter):
    """Each symbol of a display formula stands in the text as well, in the same cell or before."""
    known = set()
    for cell in chapter.of("markdown"):
        text = SPAN.sub("", FENCE.sub("", cell.source))
        known |= {"\\" + name for name, letter in GREEK.items() if letter in text}
        known |= symbols(" ; ".join(INLINE.findall(DISPLAY.sub(" ", text))))
        for formula in DISPLAY.findall(text):
            for symbol in sorted(symbols(formula) - known):
                yield chapter.say(cell, f"{symbol} in “{excerpt(formula)}”",
                                  f"say what ${symbol}$ is, in this cell or before")
            known |= symbols(formula)  # so that each is named once


def alternative_texts(chapter):
    """Each picture has an alternative text of its own."""
    seen = {}
    for cell in chapter.of("code"):
        for alt in pictures(cell):
            if len(alt.strip()) < LETTERS_OF_ALT:
                yield chapter.say(cell, f"a picture with the alternative text “{alt}”",
                                  f"plots.show(figure, alt=…): {LETTERS_OF_ALT} letters or more that say what it shows")
            elif alt in seen:
                yield chapter.say(cell, f"“{alt}” is also the text of cell {seen[alt]}", "say what is different here")
            seen.setdefault(alt, cell.id)


def large_pixels(chapter):
    """Images are large enough to judge: `plots.show` stores the size of their pixels."""
    for cell in chapter.of("code"):
        stored = [output.metadata.get("image/png", {}) for output in cell.get("outputs", ()) if "metadata" in output]
        for size in (each["pixel_size"] for each in stored if each.get("pixel_size", PIXEL) < PIXEL):
            yield chapter.say(cell, f"a pixel is {size} pixels wide", f"show fewer or larger images: {PIXEL} at least")


def one_title(chapter):
    """There is one title, and below it sections."""
    titles = [cell for cell in chapter.of("markdown") if re.search(r"^# ", FENCE.sub("", cell.source), re.M)]
    for cell in titles[1:]:
        yield chapter.say(cell, f"a second title, “{excerpt(cell.source)}”", "a section begins with ##")


def printable(chapter):
    """No character is one that nobody sees, as where \\f of a formula became a form feed."""
    for cell in chapter.cells:
        for match in re.finditer(r"[\x00-\x08\x0b-\x1f]", cell.source):
            around = match.string[max(match.start() - 10, 0):match.end() + 10]
            yield chapter.say(cell, f"{match[0]!r} in “{around!r}”", "write the backslash that was meant")


def short_comments(chapter):
    """Comments are short, also those that go on for lines."""
    for cell in chapter.of("code"):
        for comment in re.findall(r"(?:^ *#.*\n?)+|  # .*", cell.source, re.M):
            if len(comment.strip()) > COMMENT:
                yield chapter.say(cell, f"“{excerpt(comment)} …”", f"over {COMMENT} letters belong in markdown")


def banned_phrases(chapter):
    """Nothing is said that teaching.md finds bad."""
    for cell in chapter.cells:
        text = " ".join([prose(cell.source)] if cell.cell_type == "markdown" else pictures(cell))
        for phrase, instead in BANNED.items():
            for match in re.finditer(rf"\b(?:{phrase})\b", " ".join(text.split()), re.I):
                around = match.string[max(match.start() - 20, 0):match.end() + 20].strip()
                yield chapter.say(cell, f"“{match[0]}” in “… {around} …”", f"instead: {instead}")


def exercises(chapter):
    """There is an exercise of each kind, with a check."""
    sections = []
    for cell in chapter.solution:
        if heading := re.match(r"## \d+\. (.*)", cell.source):
            sections.append((heading[1], []))
        if sections:
            sections[-1][1].extend(cell.metadata.get("tags", ()))
    for kind in EXERCISES:
        tags = [tags for title, tags in sections if title.startswith(kind)]
        if not tags:
            yield chapter.say(None, f"no exercise “{kind}”", f"notebooks/solutions: a cell that begins ## 1. {kind}: …")
        elif not all("check" in each for each in tags):
            yield chapter.say(None, f"exercise “{kind}” has no check", "a code cell with the tag check")


RULES = (papers, glossary, drawing_before_formula, built_in_view, short_cells, short_sentences, introduced_symbols,
         alternative_texts, large_pixels, one_title, printable, short_comments, banned_phrases, exercises)


# ---- the chapters ----


@pytest.mark.parametrize("name", TAUGHT)
def test_taught_chapter_exists(name):
    assert (CHECKOUT / "notebooks" / f"{name}.ipynb").exists()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", TAUGHT)
def test_chapter_keeps_the_rule(name, rule):
    if rule is exercises and name in WITHOUT_EXERCISES:
        pytest.skip("an appendix has none")
    found = [*rule(chapter_at(CHECKOUT / "notebooks" / f"{name}.ipynb"))]
    assert not found, "\n".join([rule.__doc__, *found])


# ---- the rules themselves, on chapters of a few cells ----

TABLE = """| term | 中文 | meaning | chapter |
|---|---|---|---|
| KL divergence | KL 散度 | ... | 2 |
| KL divergence trick | 诀窍 | ... | articles |
| variational autoencoder (VAE) | 变分自编码器 | ... | 2, 3 |
| autoencoder | 自编码器 | ... | 1 |
| conditional VAE | 条件变分自编码器 | ... | articles |
"""
KNOWN = "The *Kullback–Leibler divergence* (KL) of a *variational\nautoencoder*. A VAE."
LINKED = "[Burda et al. 2016](https://arxiv.org/abs/1509.00519)"
ALT = "Forty digits in two rows"
KINDS = [f"## {number}. {kind}: this" for number, kind in enumerate(EXERCISES, start=1)]


def code(source, *alts, tags=()):
    outputs = [new_output("display_data", {"image/png": "iVBO"}, metadata={"image/png": {"alt": alt}}) for alt in alts]
    return new_code_cell(source, outputs=outputs, metadata={"tags": [*tags]})


def sized(*sizes):
    """A cell with a picture for each size of a pixel."""
    cell = code("show()", *(f"{ALT}, number {number}" for number in range(len(sizes))))
    for output, size in zip(cell.outputs, sizes):
        output.metadata["image/png"]["pixel_size"] = size
    return cell


def built(comparison):
    return [code(f"from {'aigc_tf'}.vae import loss"), code("def cost(x):\n    return x**2"), code(comparison)]


def checked(*titles):
    return [cell for title in titles for cell in (title, code("check()", tags=["check"]))]


def made(*cells):
    """A chapter 2 of cells; strings are markdown."""
    cells = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return Chapter("02_made", cells, TABLE, cells)


VIOLATED = [  # rule, what its one finding says, cells
    (papers, "no link to a paper", ["[a guide](https://keras.io), December 2013"]),
    (papers, "“Kingma & Welling 2014”", [LINKED, "By Kingma &\nWelling 2014, then Kingma and Welling (2014)."]),
    (papers, "“arXiv:1312.6114”", [LINKED, "a paper (arXiv:1312.6114)"]),
    (papers, "“Elman 1990”", [LINKED + ", first Elman 1990", "[Elman 1990](https://doi.org/10.1207/x(90)90002-E)"]),
    (glossary, "no “KL divergence”", ["# KL\n\nA *VAE*, [KL](http://here), $KL$, *KL divergence tricks*."]),
    (glossary, "“… A KL. …” → put it in italics here (so far only later", ["A KL.", KNOWN]),
    (glossary, "(so far nowhere)", [KNOWN.replace("*variational\nautoencoder*", "*conditional VAE*")]),
    (glossary, "would a VAE of two", ["*And what would a VAE of two latents do?*", KNOWN]),
    (drawing_before_formula, "“x = 1” → draw", ["$$ x = 1 $$", code("show()", ALT)]),
    (drawing_before_formula, "no picture is stored", [code("show()"), "$$ x = 1 $$"]),
    (built_in_view, "no cell defines", built("np.testing.assert_allclose(loss(1), 1)")[::2]),
    (built_in_view, "nothing that the chapter builds", built("np.testing.assert_allclose(cost(1), 1, rtol=1e-6)")),
    (built_in_view, "nothing that the chapter builds", built("np.testing.assert_allclose(loss(1), loss(1))")),
    (built_in_view, "rtol at most", built("np.testing.assert_allclose(cost(1), loss(1), rtol=1e-3)")),
    (short_cells, "16 lines from “x = 1”", [code("x = 1\n\n" * 16)]),
    (short_sentences, "41 words in “word word", ["A b.\n\n- " + "word " * 39 + "`x` $y$."]),
    (introduced_symbols, r"\sigma in “z = \mu", ["With $z$ and $\\mu$:\n\n$$ z = \\mu + \\sigma $$\n\n$$ \\sigma $$"]),
    (introduced_symbols, "K in", ["$z$", r"$$ \frac1K \sum_{k=1}^K z_k $$", "where $K$ is known too late"]),
    (alternative_texts, "“Digits”", [code("show()", "Digits")]),
    (alternative_texts, "is also", [code("show()", ALT), code("show()", ALT)]),
    (large_pixels, "a pixel is 2.9 pixels wide", [sized(3.1, 2.9)]),
    (one_title, "“# Another”", ["# A title", code("# a comment"), "# Another"]),
    (printable, r"'\x0c' in", ["$\\alpha$ and $\x0crac c2$"]),
    (short_comments, "“# a comment of thirty letters # a", [code("x = 1\n" + "# a comment of thirty letters\n" * 4)]),
    (banned_phrases, "“Whoever”", ["Whoever reads this"]),
    (banned_phrases, "“The data, looked at”", ["The data, looked\nat"]),
    (exercises, "no exercise “Predict”", checked(*KINDS[:2], KINDS[3])),
    (exercises, "“Your own data” has no check", [*checked(*KINDS[:3]), KINDS[3]]),
]
KEPT = [
    (papers, [f"In 2013 and May 2014, {LINKED}.", "Burda et al. (2016), on ImageNet 2012, `Elman 1990`."]),
    (papers, ["[Elman 1990](https://doi.org/10.1207/x(90)90002-E)."]),
    (glossary, ["# The VAE", KNOWN]),
    (glossary, ["[A *variational autoencoder* (VAE)](https://a.b/VAE): **KL** divergences of $\\beta$-VAEs."]),
    (drawing_before_formula, ["Costs $x$ dollars", code("show()", ALT), "$$ x = 1 $$"]),
    (built_in_view, built("for a, b in zip(cost(1), loss(1)):\n    np.testing.assert_allclose(a, b)")),
    (built_in_view, built("a = cost(1)\nnp.testing.assert_allclose(loss(1), a, rtol=1e-6)")),
    (short_cells, [code("x = 1\n\n" * 15)]),
    (short_sentences, ["a " * 40 + "\n\n" + "| a " * 50 + "|\n\n" + "a " * 30 + "[a](https://b). " + "A " * 30]),
    (introduced_symbols, ["With $K$ draws $z$ of $q$, $p(z)$:", r"$$ \mathbb{E}_q \frac1K \sum_{k=1}^K p(z_k)\,dz $$"]),
    (introduced_symbols, ["β is 1.\n\n$$ \\beta \\cdot \\mathrm{KL}, x $$\n\nwhere $x$ is an image"]),
    (alternative_texts, [code("show()", ALT, "Fifty digits in two rows")]),
    (large_pixels, [sized(3.1), code("show()", ALT)]),
    (one_title, ["# A title", "## A section\n\n```sh\n# a comment\n```"]),
    (printable, ["$\\frac c2$,\n\tand so on"]),
    (short_comments, [code("x = 1  # " + "a" * 90 + "\n# " + "b" * 90 + "\n\n# " + "c" * 90)]),
    (banned_phrases, ["Let us look at the data, with `ours`, for hours."]),
    (exercises, checked(*KINDS)),
]


@pytest.mark.parametrize("rule, says, cells", VIOLATED, ids=[rule.__name__ for rule, *_ in VIOLATED])
def test_rule_names_what_violates_it(rule, says, cells):
    [found] = rule(made(*cells))
    assert found.startswith("02_made") and says in found and "→" in found


@pytest.mark.parametrize("rule, cells", KEPT, ids=[rule.__name__ for rule, *_ in KEPT])
def test_rule_finds_nothing_where_it_is_kept(rule, cells):
    assert not [*rule(made(*cells))]


@pytest.mark.parametrize("text, lengths", [
    ("One. Two words! Three words here? So:\n$$ x $$\nit", [1, 2, 3, 1, 1]),
    ("By e.g. Kingma et al. 2014, no. 5, costs 0.5 nats. *Really?* D. P. Kingma says so.", [11, 1, 5]),
    ("## A heading\n- first item\n- **second.** $x$ is `a b c`", [2, 2, 1, 3]),
    ("> quoted\n> twice\n\n<details><summary>Why? Because.</summary>\n\nSo → so</details>", [2, 1, 1, 2]),
    ("| a | b |\n|---|---|\n\n![a picture](b.png) [two words](http://a.b/c_d)\n```\nno words\n```", [2]),
])
def test_sentences_end_where_readers_end_them(text, lengths):
    assert [len(words) for words in sentences(text) if words] == lengths


@pytest.mark.parametrize("formula, expected", [
    (r"\hat x = \tfrac12(\mu^2 + e^{x}) \text{ a word}", r"x \mu"),
    (r"\mathcal{N}(0, I), \varepsilon \sim \mathcal N", r"\mathcal{N} I \epsilon"),
    (r"\operatorname{E}_{z \sim q_\phi}[D(G(z))]", r"z q \phi D G"),
    (r"\int p(x \mid z)\,dz + \frac{d}{dt} \sum_i x_{i,t-1} W'h \quad \mathrm{KL} + KL + 2\pi", "p x z t W h"),
    (r"\begin{aligned} a &= b \\[4pt] c &= \max_y L^{(i)}(y) \end{aligned}", "a b c L"),
])
def test_symbols_of_a_formula(formula, expected):
    assert symbols(formula) == set(expected.split())


# ---- for writers ----


def main(names):
    """Print all findings for chapters, named as 02, as 02_variational_autoencoder or by the path of a notebook."""
    count = 0
    for name in names:
        path = min((CHECKOUT / "notebooks").glob(f"{name}*.ipynb") if ".ipynb" not in name else (), default=Path(name))
        chapter = chapter_at(path)
        for rule in RULES:
            found = [*rule(chapter)]
            print(f"{rule.__name__}: {rule.__doc__} {len(found) or 'Nothing'} found.", *found, sep="\n  ")
            count += len(found)
    return count > 0


def test_command_line_prints_what_it_finds(tmp_path, capsys):
    nbformat.write(new_notebook(cells=[new_markdown_cell("Whoever")]), tmp_path / "02_new.ipynb")
    assert main([str(tmp_path / "02_new.ipynb")])
    assert re.search(r"banned_phrases: .* 1 found\.\n  02_new, cell \w+: “Whoever”", capsys.readouterr().out)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
