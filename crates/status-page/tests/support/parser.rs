//! A strict reader of the text format: what Prometheus takes, and the order that it recommends.

use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// What was read: the text of each value, by name and labels.
#[derive(Debug, Default)]
pub struct Exposition {
    samples: BTreeMap<(String, Labels), String>,
    families: BTreeSet<String>,
}

impl Exposition {
    pub fn text(&self, name: &str, labels: &[(&str, &str)]) -> Option<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let labels: Labels = labels.iter().map(owned).collect();
        self.samples.get(&(name.to_owned(), labels)).cloned()
    }

    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.text(name, labels)?.parse().ok()
    }

    pub fn families(&self) -> &BTreeSet<String> {
        &self.families
    }
}

/// Reads all of it.
pub fn parse(text: &str) -> Result<Exposition, String> {
    let mut read = Exposition::default();
    let body = text.strip_suffix('\n').ok_or("no line feed at the end")?;
    let mut lines = body.split('\n').peekable();
    while let Some(line) = lines.next() {
        let help = line
            .strip_prefix("# HELP ")
            .ok_or(format!("no HELP: {line}"))?;
        let (family, help) = help.split_once(' ').ok_or(format!("no text: {line}"))?;
        is_name(family)?;
        if help.is_empty() || help.contains('\\') {
            return Err(format!("a strange help: {line}"));
        }
        let line = lines.next().ok_or("no TYPE")?;
        let start = format!("# TYPE {family} ");
        let kind = line
            .strip_prefix(&start)
            .ok_or(format!("no TYPE: {line}"))?;
        let suffixes: &[&str] = match kind {
            "counter" if family.ends_with("_total") => &[""],
            "gauge" if !family.ends_with("_total") => &[""],
            "summary" => &["_sum", "_count"],
            _ => return Err(format!("a strange type: {line}")),
        };
        if !read.families.insert(family.to_owned()) {
            return Err(format!("{family} is there twice"));
        }
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            sample(line, family, suffixes, &mut read)?;
        }
    }
    Ok(read)
}

fn sample(
    line: &str,
    family: &str,
    suffixes: &[&str],
    read: &mut Exposition,
) -> Result<(), String> {
    let end = line.find(['{', ' ']).ok_or(format!("no value: {line}"))?;
    let (name, rest) = line.split_at(end);
    if !suffixes
        .iter()
        .any(|suffix| format!("{family}{suffix}") == name)
    {
        return Err(format!("{name} in {family}"));
    }
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = value.strip_prefix(' ').ok_or(format!("no blank: {line}"))?;
    let number = value
        .parse::<f64>()
        .map_err(|error| format!("{line}: {error}"))?;
    if !number.is_finite() || value.starts_with('+') {
        return Err(format!("a strange value: {line}"));
    }
    match read
        .samples
        .insert((name.to_owned(), labels), value.to_owned())
    {
        Some(_) => Err(format!("twice: {line}")),
        None => Ok(()),
    }
}

/// Reads labels up to the brace behind them, and gives what follows it.
fn labels(mut rest: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    loop {
        let (name, value) = rest.split_once("=\"").ok_or(format!("no label: {rest}"))?;
        is_name(name)?;
        let (value, behind) = quoted(value)?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("{name} is there twice"));
        }
        match behind.split_at_checked(1) {
            Some((",", further)) => rest = further,
            Some(("}", further)) => return Ok((labels, further)),
            _ => return Err(format!("neither comma nor brace: {behind}")),
        }
    }
}

/// Reads a value up to the quote behind it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[place + 1..])),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, c @ ('"' | '\\'))) => c,
                other => return Err(format!("an escape of {other:?}")),
            }),
            '\n' => return Err("a line feed".to_owned()),
            c => value.push(c),
        }
    }
    Err(format!("no quote behind {text}"))
}

fn is_name(name: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match starts_well && name.chars().all(legal) {
        true => Ok(()),
        false => Err(format!("no name: {name:?}")),
    }
}
