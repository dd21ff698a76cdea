"""What the YAML parser says is wrong with a text, so that a reader is told in the language of the page."""

# The words of libyaml's scanner and parser for what a person may have typed (scanner.c and parser.c of libyaml 0.2).
PROBLEMS = (
    "block sequence entries are not allowed in this context",
    "mapping keys are not allowed in this context",
    "mapping values are not allowed in this context",
    "could not find expected ':'",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "did not find expected '-' indicator",
    "did not find expected key",
    "did not find expected node content",
    "did not find expected alphabetic or numeric character",
    "did not find expected comment or line break",
    "did not find expected hexdecimal number",
    "found a tab character that violates indentation",
    "found a tab character where an indentation space is expected",
    "found an indentation indicator equal to 0",
    "found character that cannot start any token",
    "found incompatible YAML document",
    "found invalid Unicode character escape code",
    "found undefined tag handle",
    "found unexpected ':'",
    "found unexpected document indicator",
    "found unexpected end of stream",
    "found unknown directive name",
    "found unknown escape character",
)
