"""What every answer keeps to, right or wrong: faults in plain words, strict JSON, whole markup, and steering nothing.

Each check raises `Broken`, whose first word or two name the property, so that findings of one kind are told once.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from strange_words import CONTROLS, MARKUP

from lstmcalc.errors import Fault, SpecError

__all__ = ["Broken", "check_error", "check_html", "check_json", "check_plain", "check_svg"]

#: What Python shows of its own objects.
REPRS = re.compile(
    r"<[^<>\n]{0,80} (?:object )?at 0x|<class '|<function |<built-in|dtype\(|OrderedDict\(|mappingproxy\(|LayerSpec\("
    r"|Where\(|Fault\(|\bRef\(|Traceback \(most recent|frozenset\(|defaultdict\(|Fraction\(|Decimal\("
)
#: The keys that documents have, by their schema; more may be added.
KEYS = {
    "lstmcalc.report/1": "source name inputs outputs layers totals assumptions hints",
    "lstmcalc.reading/1": "source name rows printed_totals computed_totals problems",
    "lstmcalc.diagnosis/1": "source recognised code message layer expected got meaning causes",
    "lstmcalc.difference/1": "equal",
    "lstmcalc.solution/1": "source for solutions",
    "lstmcalc.check/1": "source kept budgets",
}
LAYER_KEYS = "name type input_shapes output_shapes params trainable_params non_trainable_params weights formula mask"
FAULT_KEYS = {"code", "where", "layer", "expected", "got", "because", "fix", "message"}
#: Elements of HTML that load something.
LOADING = {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "source", "base", "form"}
LINKS = {"src", "href", "xlink:href", "action", "background"}
VOID = {"meta", "br", "hr", "col", "wbr", "input", "img", "link"}


class Broken(AssertionError):
    """A property that does not hold."""


def require(held: bool, what: str) -> None:
    """Raises where a property does not hold."""
    if not held:
        raise Broken(what)


def check_error(error: SpecError, source: str = "") -> None:
    """Holds the faults of an error to DESIGN's contract; what the source itself says may be quoted."""
    require(bool(error.faults), "no fault: an error without one")
    for fault in error.faults:
        check_fault(fault, source)


def check_fault(fault: Fault, source: str = "") -> None:
    """Holds a fault to the contract: a code, what is wrong, each slot one line of plain words."""
    require(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.code) is not None, f"fault code: {fault.code!r}")
    require(bool(fault.message), f"empty fault: {fault.code}")
    for slot, text in fault.slots():
        require(isinstance(text, str), f"fault slot: {fault.code} {slot} is no text")
        require(CONTROLS.search(text) is None, f"fault control character: {fault.code} {slot}: {text[:200]!r}")
        require(len(text) < 20_000, f"fault length: {fault.code} {slot} has {len(text)} signs")
        check_words(text, source, f"{fault.code} {slot}")
    told = str(fault).split("\n")
    require(len(told) == 1 + len(list(fault.slots())), f"fault lines: {fault.code}: {told!r:.300}")
    where = fault.where
    if where is not None and where.line is not None:
        require(where.line > 0 and (where.column is None or where.column > 0), f"fault place: {fault.code} {where}")


def check_words(text: str, source: str, what: str) -> None:
    """Nothing of Python's own stands in a text, unless the source said so."""
    found = REPRS.search(text)
    # Readers may fold the spaces of what they quote.
    if found and " ".join(found[0].split()) not in " ".join(source.split()):
        raise Broken(f"python repr: {what}: {text[max(found.start() - 60, 0) : found.end() + 60]!r}")


def check_plain(text: str, source: str = "") -> None:
    """Text for a pipe steers nothing: no control character but the end of a line, and no colour."""
    # A pasted line is shown again as it was typed, with its tabs.
    line = text.replace("\n", "").replace("\t", "")
    found = CONTROLS.search(line)
    if found:
        around = line[max(found.start() - 40, 0) : found.end() + 40]
        raise Broken(f"control character: {around!r}")
    check_words(text, source, "text")


def check_json(text: str, source: str = "") -> list[dict[str, Any]]:
    """One strict JSON document per line, with the keys of its schema."""

    def refuse(constant: str) -> Any:
        raise Broken(f"json constant: {constant}")

    documents = []
    require(text == "" or text.endswith("\n"), "json end: the last line has none")
    for line in text.split("\n")[:-1]:
        try:
            document = json.loads(line, parse_constant=refuse)
        except ValueError as error:
            raise Broken(f"json: {error}") from None
        require(CONTROLS.search(line) is None, "json control: a character that steers a terminal")
        check_document(document)
        check_words(line, source, "json")
        documents.append(document)
    return documents


def check_document(document: Any) -> None:
    """A document has the keys that the contract names."""
    require(isinstance(document, dict), "json kind: no object")
    for fault in document.get("errors", ()):
        require(fault.keys() >= FAULT_KEYS, "json keys: of a fault")
    if "errors" in document:
        require(bool(document["errors"]), "json errors: none")
        if "report" in document:
            check_document(document["report"])
        return
    schema = document.get("schema")
    require(isinstance(schema, str), "json schema: none")
    missing = set(KEYS.get(schema, "").split()) - document.keys()
    require(not missing, f"json keys: {schema} without {sorted(missing)}")
    if schema == "lstmcalc.report/1":
        for layer in document["layers"]:
            check_layer(layer)


def check_layer(layer: Any) -> None:
    """A layer has its keys, and shapes of positive sizes, names and unknown ones."""
    missing = set(LAYER_KEYS.split()) - layer.keys()
    require(not missing, f"json keys: of a layer, without {sorted(missing)}")
    for shape in (*layer["input_shapes"], *layer["output_shapes"]):
        for size in shape or ():
            whole = isinstance(size, int) and not isinstance(size, bool) and size >= 0
            require(whole or size is None or isinstance(size, str), f"json size: {size!r}")
    params = layer["params"]
    require(params is None or isinstance(params, str) or params >= 0, f"json params: {params!r}")
    for inner in layer.get("layers", ()):
        check_layer(inner)


class _Page(HTMLParser):
    """What a browser would make of a page, as far as it matters here."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        require(tag not in LOADING, f"html element: {tag}")
        given = dict(attrs)
        require(given.get("id") != "hostile", "html markup: a name became an element")
        for name, value in attrs:
            require(not name.startswith("on"), f"html handler: {name}")
            leads_out = name in LINKS and not (value or "").startswith("#")
            require(not leads_out, f"html link: {name}={value!r}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            require(bool(self.open) and self.open[-1] == tag, f"html nesting: </{tag}> in {self.open[-3:]}")
            self.open.pop()


def check_html(text: str) -> None:
    """A page whose elements are closed as they were opened, that loads nothing and holds no markup of the input."""
    page = _Page()
    page.feed(text)
    page.close()
    require(not page.open, f"html end: {page.open} open")
    _check_markup(text)


def check_svg(text: str) -> None:
    """A picture that is XML, loads nothing and holds no markup of the input."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Broken(f"svg: {error}") from None
    require(root.tag == "{http://www.w3.org/2000/svg}svg", f"svg root: {root.tag}")
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        require(tag not in ("script", "image", "foreignObject", "a", "use", "b"), f"svg element: {tag}")
        for name, value in element.items():
            local = name.rpartition("}")[2]
            require(not local.startswith("on"), f"svg handler: {local}")
            require(local != "href" or value.startswith("#"), f"svg link: {value!r}")
    _check_markup(text)


def _check_markup(text: str) -> None:
    require(MARKUP not in text, "markup: a name stands in it as it is")
    found = re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    require(found is None, f"markup control: {found and found[0]!r}")
