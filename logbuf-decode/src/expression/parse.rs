//! From text to an expression, by recursive descent.

use super::{Expected, ExpressionError, Hint, LEVEL, Node, Operand, Operator, TIME};
use jiff::Timestamp;

/// How deep parentheses and negations nest.
const DEPTH: usize = 100;

/// The least integer of 128 bits, -2¹²⁷.
const LEAST: f64 = -170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// Operators, the longer ones first.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let mut parser = Parser { text, rest: text, depth: 0 };
    let node = parser.either()?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(node) } else { Err(parser.expected(Expected::Connective)) }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn either(&mut self) -> Result<Node, ExpressionError> {
        self.chain("||", Self::both, Node::Either)
    }

    fn both(&mut self) -> Result<Node, ExpressionError> {
        self.chain("&&", Self::not, Node::Both)
    }

    /// One link, or several with `connective` between them.
    fn chain(
        &mut self,
        connective: &str,
        link: impl Fn(&mut Self) -> Result<Node, ExpressionError>,
        node: impl FnOnce(Vec<Node>) -> Node,
    ) -> Result<Node, ExpressionError> {
        let first = link(self)?;
        if !self.eat(connective) {
            return Ok(first);
        }
        let mut nodes = vec![first, link(self)?];
        while self.eat(connective) {
            nodes.push(link(self)?);
        }
        Ok(node(nodes))
    }

    fn not(&mut self) -> Result<Node, ExpressionError> {
        self.skip_space();
        let is_not = self.rest.starts_with('!') && !self.rest.starts_with("!=");
        if !is_not && !self.rest.starts_with('(') {
            return self.comparison();
        }
        if self.depth == DEPTH {
            return Err(self.expected(Expected::Depth { limit: DEPTH }));
        }
        self.depth += 1;
        self.advance(1);
        let node = if is_not { Node::Not(Box::new(self.not()?)) } else { self.closed()? };
        self.depth -= 1;
        Ok(node)
    }

    /// What stands behind an opening parenthesis.
    fn closed(&mut self) -> Result<Node, ExpressionError> {
        let node = self.either()?;
        if self.eat(")") { Ok(node) } else { Err(self.expected(Expected::Close)) }
    }

    fn comparison(&mut self) -> Result<Node, ExpressionError> {
        self.skip_space();
        let left_at = self.rest;
        let left = self.operand()?;
        let Some((_, operator)) = OPERATORS.iter().find(|(text, _)| self.eat(text)) else {
            return Ok(Node::Is(left));
        };
        self.skip_space();
        let right_at = self.rest;
        let right = self.operand()?;
        if left.is_name(LEVEL) {
            return self.level(*operator, &right, right_at);
        }
        if right.is_name(LEVEL) {
            return self.level(operator.turned(), &left, left_at);
        }
        let (is_left, is_right) = (left.is_name(TIME), right.is_name(TIME));
        let left = if is_right { self.time(left, left_at)? } else { left };
        let right = if is_left { self.time(right, right_at)? } else { right };
        Ok(Node::Compare(left, *operator, right))
    }

    /// What the level is compared with, which stands at `at`.
    fn level(
        &mut self,
        operator: Operator,
        operand: &Operand,
        at: &'a str,
    ) -> Result<Node, ExpressionError> {
        let word = match operand {
            Operand::Name(word) | Operand::Text(word) => word,
            _ => "",
        };
        match word.parse() {
            Ok(level) => Ok(Node::Level(operator, level)),
            Err(_) => Err(self.expected_at(at, Expected::Level)),
        }
    }

    /// What the time is compared with, which stands at `at`: a string as nanoseconds.
    fn time(&mut self, operand: Operand, at: &'a str) -> Result<Operand, ExpressionError> {
        let Operand::Text(text) = operand else { return Ok(operand) };
        match text.parse::<Timestamp>() {
            Ok(time) => Ok(Operand::Signed(time.as_nanosecond())),
            Err(_) => Err(self.expected_at(at, Expected::Time)),
        }
    }

    fn operand(&mut self) -> Result<Operand, ExpressionError> {
        self.skip_space();
        match self.rest.chars().next() {
            Some('"') => self.string(),
            Some('0'..='9' | '-' | '.') => self.number(),
            Some(c) if is_name(c) => Ok(self.name()),
            _ => Err(self.expected(Expected::Operand)),
        }
    }

    fn name(&mut self) -> Operand {
        match self.take(|c| is_name(c) || c == '.') {
            "true" => Operand::Bool(true),
            "false" => Operand::Bool(false),
            name => Operand::Name(name.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Operand, ExpressionError> {
        let start = self.rest;
        let is_exponent =
            |before: Option<char>, c: char| matches!((before, c), (Some('e' | 'E'), '+' | '-'));
        let mut before = None;
        let word = self.take(|c| {
            let belongs =
                is_name(c) || c == '.' || (before.is_none() && c == '-') || is_exponent(before, c);
            before = Some(c);
            belongs
        });
        let digits = word.replace('_', "");
        let number = match (digits.parse(), digits.parse(), digits.parse()) {
            (Ok(value), _, _) => Operand::Unsigned(value),
            (_, Ok(value), _) => Operand::Signed(value),
            // An integer of more than 128 bits is the float next to it, beyond all integers that there are.
            (_, _, Ok(value)) if digits.starts_with("-") && !digits.contains(['.', 'e', 'E']) => {
                Operand::Float(f64::min(value, LEAST.next_down()))
            }
            (_, _, Ok(value)) if digits.contains(is_digit) => Operand::Float(value),
            _ => {
                self.rest = start;
                return Err(self.expected(Expected::Number));
            }
        };
        Ok(number)
    }

    fn string(&mut self) -> Result<Operand, ExpressionError> {
        self.advance(1);
        let mut string = String::new();
        loop {
            string.push_str(self.take(|c| c != '"' && c != '\\'));
            let mut chars = self.rest.chars();
            match (chars.next(), chars.next()) {
                (Some('"'), _) => {
                    self.advance(1);
                    return Ok(Operand::Text(string));
                }
                (Some('\\'), Some(c)) => {
                    let Some(escaped) = unescaped(c) else {
                        return Err(self.expected(Expected::Escape));
                    };
                    string.push(escaped);
                    self.advance(2);
                }
                _ => {
                    self.advance(self.rest.len());
                    return Err(self.expected(Expected::Quote));
                }
            }
        }
    }

    /// Takes what fits.
    fn take(&mut self, mut fits: impl FnMut(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// What is wrong at the rest.
    fn expected(&self, expected: Expected) -> ExpressionError {
        self.expected_at(self.rest, expected)
    }

    /// What is wrong at `rest`, an end of the text.
    fn expected_at(&self, rest: &str, expected: Expected) -> ExpressionError {
        let before = &self.text[..self.text.len() - rest.len()];
        let word_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let found: String = rest[..word_end].chars().take(20).collect();
        let hint = match expected {
            Expected::Operand | Expected::Connective | Expected::Close => {
                let word = before.trim_end().rsplit(|c| !is_name(c)).next();
                Hint::of(word.unwrap_or_default(), &found)
            }
            _ => None,
        };
        ExpressionError { column: before.chars().count() + 1, expected, found, hint }
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn unescaped(c: char) -> Option<char> {
    match c {
        '"' | '\\' => Some(c),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let found = parse(text).map(|node| shown(&node)).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(|error| error.as_str()), expected, "{text}");
    }

    /// The tree, in parentheses.
    fn shown(node: &Node) -> String {
        match node {
            Node::Either(nodes) => chain(nodes, " || "),
            Node::Both(nodes) => chain(nodes, " && "),
            Node::Not(node) => format!("!{}", shown(node)),
            Node::Compare(a, operator, b) => format!("{} {operator:?} {}", operand(a), operand(b)),
            Node::Is(a) => operand(a),
            Node::Level(operator, level) => format!("level {operator:?} {level}"),
        }
    }

    fn chain(nodes: &[Node], connective: &str) -> String {
        format!("({})", nodes.iter().map(shown).collect::<Vec<_>>().join(connective))
    }

    fn operand(operand: &Operand) -> String {
        match operand {
            Operand::Name(name) => name.clone(),
            Operand::Unsigned(value) => format!("{value}"),
            Operand::Signed(value) => format!("{value}"),
            Operand::Float(value) => format!("{value:?}"),
            Operand::Text(value) => format!("{value:?}"),
            Operand::Bool(value) => format!("{value}"),
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        check("a || b && c", Ok("(a || (b && c))"));
        check("(a||b)&&c", Ok("((a || b) && c)"));
        check("a && b && c || !d", Ok("((a && b && c) || !d)"));
        let long = vec!["a"; 100_000].join("||");
        check(&long, Ok(&format!("({})", long.replace("||", " || "))));
        check("!!a != 1", Ok("!!a Unequal 1"));
        check("!(a == 1)", Ok("!a Equal 1"));
    }

    #[test]
    fn operands_are_what_they_look_like() {
        check("x>=1_000", Ok("x GreaterOrEqual 1000"));
        check("x < -5", Ok("x Less -5"));
        check("x <= 1.5e-3", Ok("x LessOrEqual 0.0015"));
        check(".5 > x", Ok("0.5 Greater x"));
        check("http.status == 404", Ok("http.status Equal 404"));
        check(r#"s == "a\"\\\n b""#, Ok(r#"s Equal "a\"\\\n b""#));
        check("größe != \"ü\"", Ok("größe Unequal \"ü\""));
        check("ok == true && !false", Ok("(ok Equal true && !false)"));
        let max = u128::MAX;
        check(&format!("x == {max}"), Ok(&format!("x Equal {max}")));
        check(&format!("x == {max}0"), Ok("x Equal 3.4028236692093846e39"));
        check(&format!("x == -{max}0"), Ok("x Equal -3.4028236692093846e39"));
        // One less than there is: not the float next to it, which is the least that there is.
        let below = "-170141183460469231731687303715884105729";
        check(&format!("x > {below}"), Ok("x Greater -1.7014118346046927e38"));
    }

    #[test]
    fn levels_and_times_are_compared_as_such() {
        check("level >= warn", Ok("level GreaterOrEqual WARN"));
        check("\"Info\" < level", Ok("level Greater INFO"));
        check("info == level", Ok("level Equal INFO"));
        let level = "expected a level (error, warn, info, debug or trace), found";
        check("a && level == \"bogus\"", Err(&format!("at column 15: {level} `\"bogus\"`")));
        check("level == 3", Err(&format!("at column 10: {level} `3`")));
        check("true == level", Err(&format!("at column 1: {level} `true`")));
        check("time < \"2026-11-23T14:05:06.000000001Z\"", Ok("time Less 1795442706000000001"));
        check("5 < time", Ok("5 Less time"));
        check(
            "time > \"14:05\"",
            Err(
                "at column 8: expected a time (such as \"2026-11-23T14:05:06Z\", or nanoseconds), found `\"14:05\"`",
            ),
        );
    }

    #[test]
    fn what_other_languages_say_is_understood() {
        let check = |text: &str, hint| {
            let error = parse(text).expect_err(text);
            assert_eq!(error.hint, Some(hint), "{text}: {error}");
        };
        check("a = 1", Hint::Equal);
        check("(a = 1)", Hint::Equal);
        check("a =~ \"x\"", Hint::Grep);
        check("not a == 1", Hint::Not);
        check("a AND b", Hint::And);
        check("a & b", Hint::And);
        check("a or b", Hint::Or);
        check("a == 'x y'", Hint::Quotes);
        assert_eq!(parse("a ==").expect_err("no operand").hint, None);
    }

    #[test]
    fn an_error_points_at_its_column() {
        check("", Err("at column 1: expected a name, a number or a string, found the end"));
        check("a ==", Err("at column 5: expected a name, a number or a string, found the end"));
        check(
            "a = 1",
            Err("at column 3: expected `&&`, `||` or the end, found `=`: use `==` to compare"),
        );
        check("a == 1 b", Err("at column 8: expected `&&`, `||` or the end, found `b`"));
        check("(a == 1", Err("at column 8: expected `)`, found the end"));
        check("a && )", Err("at column 6: expected a name, a number or a string, found `)`"));
        check(
            "ü == \"x",
            Err("at column 8: expected the `\"` that ends the string, found the end"),
        );
        check(
            r#"a == "\x""#,
            Err(
                r#"at column 7: expected one of the escapes `\"`, `\\`, `\n`, `\r` and `\t`, found `\x"`"#,
            ),
        );
        check("a == 12x", Err("at column 6: expected a number, found `12x`"));
        check("a == -", Err("at column 6: expected a number, found `-`"));
        check(
            &format!("{}a", "(".repeat(200)),
            Err(
                "at column 101: expected no more than 100 levels of nesting, found `((((((((((((((((((((`",
            ),
        );
        check(
            &format!("{}a", "!".repeat(200)),
            Err(
                "at column 101: expected no more than 100 levels of nesting, found `!!!!!!!!!!!!!!!!!!!!`",
            ),
        );
    }
}
