//! From text to an expression, by recursive descent.

use super::{Expected, ExpressionError, Node, Operand, Operator};

/// How deep parentheses and negations nest.
const DEPTH: usize = 100;

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
        let left = self.operand()?;
        let operator = OPERATORS.iter().find(|(text, _)| self.eat(text));
        Ok(match operator {
            Some((_, operator)) => Node::Compare(left, *operator, self.operand()?),
            None => Node::Is(left),
        })
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
            // An integer of more than 128 bits is not the float next to it.
            (_, _, Ok(value)) if digits.contains(['.', 'e', 'E']) => Operand::Float(value),
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
        let before = &self.text[..self.text.len() - self.rest.len()];
        let word_end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let found = self.rest[..word_end].chars().take(20).collect();
        ExpressionError { column: before.chars().count() + 1, expected, found }
    }
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
    }

    #[test]
    fn an_error_points_at_its_column() {
        check("", Err("at column 1: expected a name, a number or a string, found the end"));
        check("a ==", Err("at column 5: expected a name, a number or a string, found the end"));
        check("a = 1", Err("at column 3: expected `&&`, `||` or the end, found `=`"));
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
        check("a == 12x", Err("at column 6: expected a number of up to 128 bits, found `12x`"));
        check("a == -", Err("at column 6: expected a number of up to 128 bits, found `-`"));
        let large = "9".repeat(40);
        let error =
            format!("at column 1: expected a number of up to 128 bits, found `{}`", &large[..20]);
        check(&large, Err(&error));
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
