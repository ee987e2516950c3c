#!/usr/bin/env python3
"""Makes of options.toml what is made of each key:

options.py table options.toml OUTPUT                  the structures and the table, for C++
options.py init options.toml OUTPUT                   the file that `init` writes, for C++
options.py page options.toml OUTPUT PAGE.in VERSION   the manual page
"""

import json
import pathlib
import re
import sys
import tomllib

# Of each type: what keeps it, and the manual page's word for it.
TYPES = {
    "boolean": ("bool", "Boolean"),
    "number": ("int", "Number"),
    "numbers": ("std::vector<int>", "List"),
    "count": ("std::int64_t", "Number"),
    "port": ("std::string", "Number"),
    "duration": ("Duration", "Duration"),
    "size": ("std::int64_t", "Size"),
    "ratio": ("double", "Number from 0 to 1"),
    "multiple": ("double", "Number"),
    "text": ("std::string", "Text"),
    "zone": ("std::string", "Text"),
    "list": ("Words", "List"),
    "command": ("Words", "List"),
    "pairs": ("Pairs", "Pairs"),
    "variables": ("Pairs", "Pairs"),
    "path": ("std::filesystem::path", "Path"),
    "url": ("std::map<std::string, std::string>", "Text"),
}
MAY_BE_VARIABLES = {"boolean", "number", "port", "duration", "text", "zone"}
OPTIONAL = {"boolean", "number", "count", "duration"}  # where there is no default; the rest can be empty
MAX_COUNT = 1_000_000_000
MICROSECONDS = {"ms": 1000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
BYTES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


def amount(text, units):
    number, unit = re.fullmatch(r"(\d+)([a-zA-Z]+)", text).groups()
    return int(number) * units[unit]


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


# --- C++ ---------------------------------------------------------------------------------------------


def kept(option):
    if "choices" in option:
        return option["type"]
    kind = TYPES[option["type"]][0]
    return f"std::optional<{kind}>" if option["type"] in OPTIONAL and "default" not in option else kind


def limit(option, name):
    if option["type"] == "count":
        return {"min": 0, "max": MAX_COUNT}[name]
    value = option.get(name, 0)
    return amount(value, MICROSECONDS) if isinstance(value, str) else value


def literal(option):
    value, kind = option["default"], option["type"]
    if "choices" in option:
        return f"{kind}::{value}"
    if kind == "duration":
        return f"Duration{{{amount(value, MICROSECONDS)}}}"
    if kind == "size":
        return str(amount(value, BYTES))
    return toml(value).replace("[", "{").replace("]", "}")


def member(option):
    return option.get("member", option["key"])


def comment(option):
    return f"  ///< {option['help']}" if option.get("help") else ""


def members(table, name):
    for section in table["section"]:
        for option in section.get("option", []):
            is_rule = section.get("rules") and section["struct"] == name
            if is_rule:
                kind = TYPES[option["type"]][0]
                yield f"  {kind if kind == 'Pairs' else f'std::optional<{kind}>'} {member(option)};"
            elif "at" not in option and option.get("struct", section["struct"]) == name:
                default = f" = {literal(option)}" if "default" in option else "{}"
                yield f"  {kept(option)} {member(option)}{default};{comment(option)}"


def structs(table):
    for name, struct in table["structs"].items():
        yield f"/** {struct['doc']} */\nstruct {name} {{\n" + "\n".join(members(table, name)) + "\n};\n"


def row(option):
    fields = {"key": toml(option["key"]),
              "type": "OptionType::" + ("choice" if "choices" in option else option["type"])}
    for name in ("min", "max"):
        if value := limit(option, name):
            fields[name] = str(value)
    for name in ("variable", "needed"):
        if name in option:
            fields[name] = toml(option[name])
    if option["type"] in ("command", "variables"):
        fields["example"] = toml(toml(option.get("example", option.get("default"))))
    if "choices" in option:
        fields["choices"] = toml(option["choices"]).replace("[", "{").replace("]", "}")
    fields |= {f"of_{name.rstrip('s')}s": "true" for name in option.get("of", [])}
    fields |= {"column": "true"} if option.get("column") else {}
    return "Option{" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "}"


def reference(*path):
    return f"[](auto& to) -> auto& {{ return to.{'.'.join(filter(None, path))}; }}"


def references(table, section, option):
    place = table["structs"][option.get("struct", section["struct"])].get("at")
    if section.get("rules"):
        yield reference(member(option))
        if "struct" in option:
            yield reference(place, member(option))
    else:
        yield reference(place, option.get("at", member(option)))


def visitors(table):
    for section in table["section"]:
        if "struct" not in section:
            continue
        name = section["name"].replace(".", "_") or "schedule"
        yield f"inline constexpr auto visit_{name} = [](auto&& visit) {{"
        for option in section["option"]:
            assert "variable" not in option or option["type"] in MAY_BE_VARIABLES, option
            yield f"  visit({', '.join([row(option), *references(table, section, option)])});"
        yield "};\n"


def variables(table):
    return [option["variable"] for section in table["section"] for option in section.get("option", [])
            if "variable" in option]


def libpq_variables(table):
    yield "/** libpq's variable for one of its connection parameters. */"
    yield "struct LibpqVariable {\n  const char* parameter;\n  const char* variable;\n};\n"
    yield "inline constexpr LibpqVariable libpq_variables[] = {"
    yield from (f"    {{{toml(parameter)}, {toml(variable)}}}," for parameter, variable in table["libpq"].items())
    yield "};"


def options_hpp(table):
    names = ", ".join(map(toml, variables(table)))
    return "\n".join([
        "// Made of config/options.toml.", "#pragma once", "",
        *(f"#include <{name}>" for name in ("filesystem", "map", "optional", "string", "vector")), "",
        *(f'#include "util/{name}.hpp"' for name in ("option", "time")), "",
        "namespace spider_check {", "", *structs(table),
        "// Each calls visit(Option, reference), where reference(to) is what is kept of the key in `to`. Those of",
        "// [spiders] give the rule, and what the rule is for in a job.", *visitors(table),
        "/** The variables of all options. */", f"inline constexpr const char* setting_variables[] = {{{names}}};",
        "", *libpq_variables(table), "", "}  // namespace spider_check", ""])


# --- The file that init writes: "SETTING<tab>COMMENT"; the program fills in what is between % -------------


def init_line(option):
    shown = option.get("init")
    if shown is None:
        value = option["example"] if "example" in option else option["default"]
        shown = f"{'' if option.get('set') else '#'}{option['key']} = {toml(value)}"
    return f"{shown}\t{option['help']}" if option.get("help") else shown


def init_section(section):
    lines = [section["init"].strip()] if "init" in section else []
    if section["name"] and "struct" in section:
        heading = f"{'#' if section.get('unset') else ''}{in_brackets(section)}"
        lines.append(f"{heading}\t{section['comment']}" if "comment" in section else heading)
    lines += [init_line(option) for option in section.get("option", []) if "help" in option or "init" in option]
    return "\n".join(lines) + "\n"


def new_config_hpp(table):
    text = "".join(("\n" if "init" in section else "") + init_section(section) for section in table["section"])
    return ("// Made of config/options.toml.\n#pragma once\n\n#include <string_view>\n\nnamespace spider_check {\n\n"
            f'inline constexpr std::string_view new_config = R"~~~({text})~~~";\n\n}}  // namespace spider_check\n')


# --- The manual page ---------------------------------------------------------------------------------


def in_brackets(section):
    return f"[[{section['name']}]]" if section.get("array") else f"[{section['name']}]"


def escaped(text, is_prose=False):
    text = re.sub(r"(?<!\w)-|-(?!\w)" if is_prose else "-", r"\\-", text)
    return text.replace('"', r"\(dq").replace("'", r"\(aq")


def roff(text):
    """Of a text with `bold` and ''italic''."""
    result = ""
    for piece in re.split(r"(`[^`]+`|''.+?''(?!')|\"[^\"\n]+\")", text.strip()):
        if piece.startswith("`"):
            result += rf"\fB{escaped(piece[1:-1])}\fR"
        elif piece.startswith("''"):
            result += rf"\fI{escaped(piece[2:-2])}\fR"
        else:
            result += escaped(piece, not piece.startswith('"')).replace(r"\(aq", "'")
    return re.sub(r"^(?=['.])", r"\\&", result, flags=re.M)


def what_it_is(option):
    word = "Text" if "choices" in option else TYPES[option["type"]][1]
    least, most = option.get("min"), option.get("max")
    if option["type"] == "count":
        least, most = 0, MAX_COUNT
    if most is not None:
        word += f" from {least} to {most}"
    elif option["type"] == "duration" and least:
        word += f" of at least {least}"
    text = option.get("text", "").strip() + (" Needed in this table." if "needed" in option else "")
    if text[:1] in (":", ","):
        return roff(f"''{word}{text[0]}''\n{text[1:].strip()}")
    return roff(f"''{word}''\n{text}" if text[:1].islower() else f"''{word}.''\n{text}")


def entry(option):
    default = f" = {toml(option['default'])}" if "default" in option else ""
    return rf".TP{chr(10)}\fB{option['key']}\fR{escaped(default)}" + f"\n{what_it_is(option)}\n"


def keys_of_page(table):
    page = ""
    for section in table["section"]:
        page += f".SS {escaped(section.get('title', in_brackets(section)))}\n"
        page += roff(section["text"]) + "\n" if "text" in section else ""
        page += "".join(map(entry, section.get("option", [])))
        if "tables" in section:
            start = section["name"] and section["name"] + "."
            inner = [other["name"].removeprefix(start) for other in table["section"]
                     if other["name"].startswith(start) and other["name"] != section["name"]]
            inner = [name for name in inner if re.fullmatch(r"\w+", name)]
            page += ".TP\n" + ".TQ\n".join(f".B {name}\n" for name in inner)
            page += roff("''Tables,''\n" + section["tables"]) + "\n"
    return page


def in_bold(names):
    return ", ".join(rf"\fB{name}\fR" for name in names)


def variables_of_page(table):
    page = ""
    said = {"boolean": ":\ntrue or false, yes or no, on or off, 1 or 0.", "duration": ",\nin hours, like 4 or 0.5."}
    for section in table["section"]:
        options = [option for option in section.get("option", []) if "variable" in option]
        if section["name"] and options:
            page += f".TP\n{in_bold(option['variable'] for option in options)}\n" + roff(f"The keys of `[{section['name']}]` with these names.") + "\n"
        for option in options if not section["name"] else []:
            page += f".TP\n.B {option['variable']}\n" + roff(f"`{option['key']}`{said.get(option['type'], '.')}") + "\n"
    return page + f".TP\n{in_bold(table['libpq'].values())}\n" + roff("""
libpq's own. A variable ''DB_''... takes precedence over that of libpq.""") + "\n"


# -----------------------------------------------------------------------------------------------------


def page(table, template, version):
    text = pathlib.Path(template).read_text(encoding="utf-8")
    text = text.replace("@KEYS@\n", keys_of_page(table)).replace("@VARIABLES@\n", variables_of_page(table))
    return text.replace("@VERSION@", version)


def main():
    what, table, output, *more = sys.argv[1:]
    make = {"table": options_hpp, "init": new_config_hpp, "page": page}[what]
    text = make(tomllib.loads(pathlib.Path(table).read_text(encoding="utf-8")), *more)
    output = pathlib.Path(output)
    # What has not changed is not compiled again.
    if not output.exists() or output.read_text(encoding="utf-8") != text:
        output.write_text(text, encoding="utf-8")


main()
