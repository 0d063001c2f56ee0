//! A line of a selection: a field, its modifiers and its values become a test.

use super::{
    compile::{Refusal, Test},
    encode::{is_variant, variants},
    field::Field,
    late::{Expression, Flags},
    moment::Part,
    pattern::{Compare, Pattern, group},
    set::Form,
    text::Place,
};
use crate::facts::Lists;
use ipnet::IpNet;
use rsigma_parser::{
    DetectionItem, FieldSpec, Modifier, SigmaString, SigmaValue, fieldpath::unescape_brackets,
};

/// Values of one rule, after placeholders and the like have become what they stand for.
pub const VALUES_MAX: usize = 50_000;

/// Regular expressions of one rule, and values with a wildcard in the middle, which need one each.
pub const REGEXES_MAX: usize = 100;

/// What compiling a rule needs, and what it has used up.
pub(super) struct Scope<'l> {
    lists: &'l Lists,
    form: Form,
    n_values: usize,
    n_regexes: usize,
}

impl<'l> Scope<'l> {
    pub(super) fn new(lists: &'l Lists, form: Form) -> Scope<'l> {
        Scope { lists, form, n_values: 0, n_regexes: 0 }
    }

    /// Counts what was compiled of a field, and checks it.
    fn take(&mut self, patterns: &[Pattern], spec: &FieldSpec) -> Result<(), String> {
        self.n_values += patterns.len();
        // What is packed may name the user's lists, which nobody has looked at.
        let checks = self.form == Form::Written || spec.has_modifier(Modifier::Expand);
        for expression in patterns.iter().filter_map(Pattern::expression) {
            self.n_regexes += 1;
            if checks && self.n_regexes <= REGEXES_MAX {
                expression.check()?;
            }
        }
        if self.n_values > VALUES_MAX {
            return Err(format!("a rule has at most {VALUES_MAX} values"));
        }
        if self.n_regexes > REGEXES_MAX {
            return Err(format!(
                "a rule has at most {REGEXES_MAX} regular expressions or values with inner wildcards"
            ));
        }
        Ok(())
    }
}

/// Words anywhere in the event.
pub(super) fn words(values: &[SigmaValue], scope: &mut Scope<'_>) -> Result<Test, Refusal> {
    let spec = FieldSpec::new(None, Vec::new());
    let refuse = |reason| (values.first().map(ToString::to_string).unwrap_or_default(), reason);
    Ok(Test::Words { patterns: patterns(values, &spec, scope).map_err(refuse)?, all: false })
}

/// A field, or words where it has no name.
pub(super) fn item(item: &DetectionItem, scope: &mut Scope<'_>) -> Result<Test, Refusal> {
    let spec = &item.field;
    let name = spec.name.as_deref().unwrap_or_default();
    // As the key stands in the file.
    let key = format!("{name}{}", if spec.modifiers.is_empty() { "" } else { "|" });
    let refuse = |reason: String| {
        (key.clone(), if name.is_empty() { reason } else { format!("{}: {reason}", unescape_brackets(name)) })
    };
    check(spec).map_err(refuse)?;
    let mut patterns = patterns(&item.values, spec, scope).map_err(refuse)?;
    let all = spec.has_modifier(Modifier::All);
    if patterns.is_empty() {
        let is_list = spec.has_modifier(Modifier::Expand) && !all;
        if !is_list {
            return Err(refuse("there is no value to compare with".to_owned()));
        }
    }
    if spec.name.is_none() {
        return Ok(Test::Words { patterns, all });
    }
    if !all {
        patterns = group(patterns);
    }
    let field = Field::new(&unescape_brackets(name)).map_err(|reason| (key, reason))?;
    Ok(Test::Field { field, patterns, all, negated: spec.has_modifier(Modifier::Neq) })
}

/// Modifiers that contradict one another, of which one would silently win.
fn check(spec: &FieldSpec) -> Result<(), String> {
    use Modifier::*;
    let n_of = |list: &[Modifier]| list.iter().filter(|modifier| spec.has_modifier(**modifier)).count();
    if spec.name.is_none() && spec.modifiers.is_empty() {
        return Err("a key of a selection must be text, the name of a field".to_owned());
    }
    if spec.name.is_none() && n_of(&[Cidr, Exists, FieldRef, Gt, Gte, Lt, Lte, Neq]) > 0 {
        return Err("words without a field take contains, all, cased and re only".to_owned());
    }
    if n_of(&[Contains, StartsWith, EndsWith, Re, Cidr, Exists, Gt, Gte, Lt, Lte]) > 1 {
        return Err("two of its modifiers exclude one another".to_owned());
    }
    if n_of(&[FieldRef]) > 0 && n_of(&[Re, Cidr, Exists, Gt, Gte, Lt, Lte]) > 0 {
        return Err("fieldref goes with contains, startswith and endswith only".to_owned());
    }
    if n_of(&[IgnoreCase, Multiline, DotAll]) > 0 && n_of(&[Re]) == 0 {
        return Err("i, m and s say how a regular expression is read: they follow re".to_owned());
    }
    if n_of(&[Minute, Hour, Day, Week, Month, Year]) > 1 {
        return Err("one part of a time at once".to_owned());
    }
    Ok(())
}

fn patterns(values: &[SigmaValue], spec: &FieldSpec, scope: &mut Scope<'_>) -> Result<Vec<Pattern>, String> {
    let mut patterns = Vec::new();
    for value in values {
        let more = of_value(value, spec, scope.lists)?;
        scope.take(&more, spec)?;
        patterns.extend(more);
    }
    Ok(patterns)
}

fn of_value(value: &SigmaValue, spec: &FieldSpec, lists: &Lists) -> Result<Vec<Pattern>, String> {
    let SigmaValue::String(string) = value else { return Ok(vec![of_scalar(value, spec)?]) };
    // What the parser makes of a mapping or a list where a value should be.
    if ["Mapping {", "Sequence [", "TaggedValue {"].iter().any(|start| string.original.starts_with(start)) {
        return Err("a value is text, a number, true, false or null".to_owned());
    }
    if !spec.modifiers.iter().any(|modifier| is_variant(*modifier)) {
        return Ok(vec![of_string(string, spec)?]);
    }
    variants(string, &spec.modifiers, lists)?.iter().map(|string| of_string(string, spec)).collect()
}

fn of_scalar(value: &SigmaValue, spec: &FieldSpec) -> Result<Pattern, String> {
    let has = |modifier| spec.has_modifier(modifier);
    match value {
        SigmaValue::Bool(exists) if has(Modifier::Exists) => return Ok(Pattern::Exists(*exists)),
        SigmaValue::Null
            if spec.modifiers.iter().all(|modifier| matches!(modifier, Modifier::All | Modifier::Neq)) =>
        {
            return Ok(Pattern::Null);
        }
        SigmaValue::Null => return Err("null takes no modifier".to_owned()),
        _ if has(Modifier::FieldRef) || has(Modifier::Cidr) || has(Modifier::Re) => {
            let wanted = if has(Modifier::Cidr) { "a network such as 10.0.0.0/8" } else { "text" };
            return Err(format!("{value} is no network or text: write {wanted} in quotes"));
        }
        _ => {}
    }
    of_string(&SigmaString::from_raw(&value.to_string()), spec)
}

fn of_string(string: &SigmaString, spec: &FieldSpec) -> Result<Pattern, String> {
    let has = |modifier| spec.has_modifier(modifier);
    let (text, place, cased) = (&string.original, place(spec), has(Modifier::Cased));
    if has(Modifier::Exists) {
        return match text.as_str() {
            "true" => Ok(Pattern::Exists(true)),
            "false" => Ok(Pattern::Exists(false)),
            other => Err(format!("exists wants true or false, not {other}")),
        };
    }
    if has(Modifier::FieldRef) {
        let field = string.as_plain().ok_or("the name of a field has no wildcards")?;
        return Ok(Pattern::SameAs { field: Field::new(&field)?, place, cased });
    }
    if has(Modifier::Cidr) {
        let net: Result<IpNet, _> = text.parse();
        return net.map(Pattern::Cidr).map_err(|_| format!("{text} is no network such as 10.0.0.0/8"));
    }
    if has(Modifier::Re) {
        let flags = Flags {
            fold_case: has(Modifier::IgnoreCase),
            multi_line: has(Modifier::Multiline),
            dot_all: has(Modifier::DotAll),
        };
        return Ok(Pattern::Regex(Expression::new(text.clone(), flags)));
    }
    let pattern = match comparison(spec) {
        None => Pattern::glob(string, place, cased),
        Some(compare) => {
            let number: Option<f64> = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
            Pattern::Number(compare, number.ok_or_else(|| format!("{text} is no number"))?)
        }
    };
    Ok(match part(spec) {
        None => pattern,
        Some(part) => Pattern::Part(part, Box::new(pattern)),
    })
}

fn place(spec: &FieldSpec) -> Place {
    let has = |modifier| spec.has_modifier(modifier);
    match () {
        () if has(Modifier::StartsWith) => Place::Start,
        () if has(Modifier::EndsWith) => Place::End,
        // Words are looked for in the whole event.
        () if has(Modifier::Contains) || spec.name.is_none() => Place::Inside,
        () => Place::Whole,
    }
}

fn comparison(spec: &FieldSpec) -> Option<Compare> {
    spec.modifiers.iter().find_map(|modifier| match modifier {
        Modifier::Lt => Some(Compare::Less),
        Modifier::Lte => Some(Compare::LessOrEqual),
        Modifier::Gt => Some(Compare::Greater),
        Modifier::Gte => Some(Compare::GreaterOrEqual),
        _ => None,
    })
}

fn part(spec: &FieldSpec) -> Option<Part> {
    spec.modifiers.iter().find_map(|modifier| match modifier {
        Modifier::Minute => Some(Part::Minute),
        Modifier::Hour => Some(Part::Hour),
        Modifier::Day => Some(Part::Day),
        Modifier::Week => Some(Part::Week),
        Modifier::Month => Some(Part::Month),
        Modifier::Year => Some(Part::Year),
        _ => None,
    })
}
