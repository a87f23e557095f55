//! From the scanner's events to nodes. A stack of open collections, no recursion.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span as EventSpan, StructureStyle, Tag};

use super::anchor::{Alias, Anchors, merge};
use super::{Entry, Kind, MAX_DEPTH, Node, Scalar, ScalarValue, Style, TextMap, fault, scalar, span};
use crate::diagnostic::{Diagnostic, Fix, SourceFile, Span};

/// Of one file; a file with more is not helped by a longer list.
const MAX_FAULTS: usize = 100;

pub(super) struct Outcome {
    pub(super) node: Option<Node>,
    pub(super) faults: Vec<Diagnostic>,
    /// Where parsing ended, if that was before the end of the file.
    pub(super) stop: Option<Stop>,
}

pub(super) struct Stop {
    pub(super) at: usize,
    /// The end of the last token that was read before.
    pub(super) last_token: usize,
}

/// Parses `text`, which is the file's text but for `patches`: there it has letters instead of a template.
pub(super) fn build(file: &Arc<SourceFile>, text: &str, patches: &[Range<usize>]) -> Outcome {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut builder = Builder {
        file,
        text,
        patches,
        open: Vec::new(),
        root: None,
        documents: 0,
        last_token: 0,
        last_scalar: 0,
        in_template: 0,
        anchors: Anchors::default(),
        faults: Vec::new(),
    };
    let mut stop = None;
    for event in Parser::new_from_str_with_options(text, options) {
        let fault = match event {
            Ok((event, place)) => match builder.event(event, place) {
                Ok(()) => continue,
                Err(End::Fault(fault)) => *fault,
                Err(End::Done) => break,
            },
            Err(error) => {
                let context = fault::Context {
                    file,
                    last_token: builder.last_token,
                    last_scalar: builder.last_scalar,
                    open_brackets: builder.open.iter().filter(|o| o.flow).map(|o| o.start).collect(),
                };
                fault::syntax(&context, &error)
            }
        };
        let at = fault.span.as_ref().map_or(0, |s| s.start as usize);
        let at = fault.labels.iter().map(|l| l.span.start as usize).fold(at, usize::max);
        stop = Some(Stop { at, last_token: builder.last_token });
        builder.faults.push(fault);
        break;
    }
    builder.finish(stop)
}

enum End {
    /// Nothing after this place can be read.
    Fault(Box<Diagnostic>),
    /// Nothing after this place matters.
    Done,
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    text: &'a str,
    patches: &'a [Range<usize>],
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    last_token: usize,
    /// Start of the last scalar.
    last_scalar: usize,
    /// How many open collections are a template that YAML took for mappings; what is wrong inside them does not matter.
    in_template: usize,
    anchors: Anchors,
    faults: Vec<Diagnostic>,
}

/// A list or mapping whose end has not been read.
struct Open {
    start: usize,
    anchor: usize,
    flow: bool,
    template: bool,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(OpenMapping),
}

#[derive(Default)]
struct OpenMapping {
    entries: Vec<Entry>,
    first_places: HashMap<String, Span>,
    merged: Vec<(usize, Vec<Entry>)>,
    key: Option<Key>,
}

enum Key {
    Text(String, Span),
    Merge(Span),
    /// Already reported; its value is dropped.
    Bad,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, place: EventSpan) -> Result<(), End> {
        let range = place.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentStart(..) => self.document(&range)?,
            Event::Scalar(text, style, anchor, tag) => {
                self.tab_before(range.start)?;
                self.last_scalar = range.start;
                let node = self.scalar(text, style, &range, place.indent);
                let node = self.tagged(node, tag.as_deref(), place);
                self.last_token = self.last_token.max(node.span.end as usize);
                self.complete(node, anchor, style == ScalarStyle::Plain)?;
            }
            Event::Alias(id) => {
                self.last_token = self.last_token.max(range.end);
                let node = self.alias(id, &range)?;
                self.complete(node, 0, false)?;
            }
            Event::UnresolvedAlias(name) => {
                self.last_token = self.last_token.max(range.end);
                let here = self.span(range.start, range.end);
                self.report(fault::unknown_alias(here, &name));
                let node = self.written(range);
                self.complete(node, 0, false)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.start(Content::Sequence(Vec::new()), style, anchor, tag.as_deref(), place, &range)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.start(Content::Mapping(OpenMapping::default()), style, anchor, tag.as_deref(), place, &range)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let anchor = open.anchor;
                    let node = self.close(open, range.end);
                    self.complete(node, anchor, false)?;
                }
            }
            // Streams, ends of documents and comments make no node; the scanner's list of events is open-ended.
            _ => {}
        }
        Ok(())
    }

    fn document(&mut self, range: &Range<usize>) -> Result<(), End> {
        self.documents += 1;
        if self.documents == 2 {
            let here = self.span(range.start, range.end);
            let fault = Diagnostic::error("Y007", here, "a second document starts here")
                .help("keep one document in a file: remove the `---`, or move what follows to a file of its own");
            self.faults.push(fault);
            return Err(End::Done);
        }
        Ok(())
    }

    fn start(
        &mut self,
        content: Content,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: EventSpan,
        range: &Range<usize>,
    ) -> Result<(), End> {
        self.tab_before(range.start)?;
        let wanted = match content {
            Content::Sequence(_) => "seq",
            Content::Mapping(_) => "map",
        };
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(wanted)
            && tag.parts() != ("", "!")
        {
            self.bad_tag(tag, place);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(End::Fault(Box::new(fault::too_deep(self.span(range.start, range.start + 1)))));
        }
        let flow = style == StructureStyle::Flow;
        // `{{`: the key of this mapping is a mapping that starts at its very next byte.
        if flow
            && matches!(content, Content::Mapping(_))
            && self.text[..range.start].ends_with('{')
            && let Some(outer) = self.open.last_mut()
            && outer.flow
            && outer.start + 1 == range.start
            && matches!(&outer.content, Content::Mapping(m) if m.key.is_none() && m.entries.is_empty())
        {
            outer.template = true;
            self.in_template += 1;
        }
        self.last_token = self.last_token.max(range.end);
        self.open.push(Open { start: range.start, anchor, flow, template: false, content });
        Ok(())
    }

    /// The node of a collection that ends.
    fn close(&mut self, open: Open, end: usize) -> Node {
        if open.template {
            self.in_template = self.in_template.saturating_sub(1);
            let node = self.written(open.start..end);
            self.unquoted_template(&node);
            return node;
        }
        // The end of a block collection is where the next token starts; the collection itself ends with its last token.
        let end = if open.flow { end } else { self.last_token.min(end).max(open.start) };
        self.last_token = self.last_token.max(end);
        let kind = match open.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping(m) => Kind::Mapping(merge(m.entries, m.merged)),
        };
        Node { span: self.span(open.start, end), kind }
    }

    /// Puts a complete node where it belongs: item, key, value or root.
    fn complete(&mut self, node: Node, anchor: usize, plain: bool) -> Result<(), End> {
        if anchor != 0 && !self.anchors.keep(anchor, &node) {
            return Err(End::Fault(Box::new(fault::too_much(node.span))));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let mapping = match &mut open.content {
            Content::Sequence(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Mapping(mapping) => mapping,
        };
        match mapping.key.take() {
            None => {
                let key = self.key(node, plain);
                if let Some(Open { content: Content::Mapping(mapping), .. }) = self.open.last_mut() {
                    mapping.key = Some(key);
                }
            }
            Some(Key::Text(key, key_span)) => {
                mapping.first_places.insert(key.clone(), key_span.clone());
                mapping.entries.push(Entry { key, key_span, value: node });
            }
            Some(Key::Merge(key_span)) => self.merge(node, key_span),
            Some(Key::Bad) => {}
        }
        Ok(())
    }

    fn key(&mut self, node: Node, plain: bool) -> Key {
        let Kind::Scalar(scalar) = node.kind else {
            self.report(
                Diagnostic::error("Y001", node.span, "a key is a list or a mapping")
                    .help("keys are text; put the key in quotes if it starts with `[` or `{`"),
            );
            return Key::Bad;
        };
        if plain && scalar.text == "<<" {
            return Key::Merge(node.span);
        }
        let first = match self.open.last() {
            Some(Open { content: Content::Mapping(m), .. }) => m.first_places.get(&scalar.text).cloned(),
            _ => None,
        };
        if let Some(first) = first {
            self.report(
                Diagnostic::error("Y003", node.span, format!("the key `{}` is there twice", scalar.text))
                    .label("second time")
                    .also(first, "first time")
                    .help("remove or rename one of them; the first one counts until then"),
            );
            return Key::Bad;
        }
        Key::Text(scalar.text, node.span)
    }

    fn merge(&mut self, node: Node, key_span: Span) {
        let mut merged = Vec::new();
        let mut good = true;
        match node.kind {
            Kind::Mapping(entries) => merged = entries,
            Kind::Sequence(items) => {
                for item in items {
                    match item.kind {
                        Kind::Mapping(entries) => merged.extend(entries),
                        Kind::Scalar(_) | Kind::Sequence(_) => good = false,
                    }
                }
            }
            Kind::Scalar(_) => good = false,
        }
        if !good {
            self.report(
                Diagnostic::error("Y004", key_span, "`<<` merges mappings, and this is none")
                    .help("give it an alias of a mapping (`<<: *name`) or a list of them; quote the key if it is meant as a name"),
            );
        }
        if let Some(Open { content: Content::Mapping(mapping), .. }) = self.open.last_mut() {
            mapping.merged.push((mapping.entries.len(), merged));
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, range: &Range<usize>, indent: Option<usize>) -> Node {
        let patched = self.patches.iter().any(|p| p.start < range.end && range.start < p.end);
        if patched {
            let node = self.written(range.clone());
            self.unquoted_template(&node);
            return node;
        }
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        // The scanner gives `~` for a value that is not there.
        let text = if style == Style::Plain && range.is_empty() { String::new() } else { text.into_owned() };
        let value = if style == Style::Plain { scalar::resolve(&text) } else { ScalarValue::Text };
        let map = TextMap::of_scalar(self.text, range.start, range.end, style, indent, &text);
        let end = match style {
            Style::Literal | Style::Folded => range.start + self.text[range.clone()].trim_end().len(),
            Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => range.end,
        };
        Node { span: self.span(range.start, end), kind: Kind::Scalar(Scalar { text, value, style, map }) }
    }

    /// A stretch of the file as the text that it is.
    fn written(&self, range: Range<usize>) -> Node {
        let text = self.file.text.get(range.clone()).unwrap_or("").to_owned();
        let map = TextMap { anchors: vec![(0, u32::try_from(range.start).unwrap_or(u32::MAX))] };
        let kind = Kind::Scalar(Scalar { text, value: ScalarValue::Text, style: Style::Plain, map });
        Node { span: self.span(range.start, range.end), kind }
    }

    fn unquoted_template(&mut self, node: &Node) {
        let Kind::Scalar(scalar) = &node.kind else { return };
        if let Some(fault) = fault::inner_quotes(&node.span, &scalar.text) {
            self.report(fault);
            return;
        }
        let quoted = if !scalar.text.contains(['"', '\\']) {
            Some(format!("\"{}\"", scalar.text))
        } else if !scalar.text.contains('\'') {
            Some(format!("'{}'", scalar.text))
        } else {
            None
        };
        let mut fault = Diagnostic::error("Y013", node.span.clone(), "a value with `{{ … }}` or `{% … %}` needs quotes")
            .label("YAML takes the brace for a mapping");
        fault.help = Some(match &quoted {
            Some(quoted) if !quoted.contains('\n') && quoted.chars().count() < 80 => format!("write `{quoted}`"),
            _ => "put the whole value in quotes, or under `|`".to_owned(),
        });
        if let Some(quoted) = quoted {
            fault = fault.fix(Fix { description: "put it in quotes".to_owned(), edits: vec![(node.span.clone(), quoted)] });
        }
        self.report(fault);
    }

    fn alias(&mut self, id: usize, range: &Range<usize>) -> Result<Node, End> {
        match self.anchors.resolve(id, self.open.len()) {
            Alias::Node(node) => Ok(*node),
            Alias::Inside => {
                let here = self.span(range.start, range.end);
                self.report(
                    Diagnostic::error("Y004", here, "this alias stands inside the value that it refers to")
                        .help("write the value out, or give the anchor to a smaller part"),
                );
                Ok(self.written(range.clone()))
            }
            Alias::TooMuch => Err(End::Fault(Box::new(fault::too_much(self.span(range.start, range.end))))),
        }
    }

    /// A tag of the core schema decides what a scalar is; other tags are not known.
    fn tagged(&mut self, mut node: Node, tag: Option<&Tag>, place: EventSpan) -> Node {
        let Some(tag) = tag else { return node };
        let Kind::Scalar(scalar) = &mut node.kind else { return node };
        let resolved = scalar::resolve(&scalar.text);
        let value = match (tag.core_suffix(), resolved) {
            (Some("str"), _) => Some(ScalarValue::Text),
            (Some("null"), v @ ScalarValue::Null)
            | (Some("bool"), v @ ScalarValue::Bool(_))
            | (Some("int"), v @ ScalarValue::Int(_))
            | (Some("float"), v @ (ScalarValue::Float(_) | ScalarValue::Int(_)))
            | (Some("int" | "float"), v @ ScalarValue::Number(_)) => Some(v),
            _ if tag.parts() == ("", "!") => Some(ScalarValue::Text),
            _ => None,
        };
        match value {
            Some(value) => scalar.value = value,
            None => self.bad_tag(tag, place),
        }
        node
    }

    fn bad_tag(&mut self, tag: &Tag, place: EventSpan) {
        let range = place.tag_span().and_then(|t| t.byte_range()).unwrap_or(0..0);
        let here = self.span(range.start, range.end);
        self.report(fault::unknown_tag(here, &tag.original(), tag.core_suffix().is_some()));
    }

    /// Y002 where the scanner lets a tab pass as indentation.
    fn tab_before(&mut self, start: usize) -> Result<(), End> {
        let in_brackets = self.open.last().is_some_and(|o| o.flow);
        if in_brackets || !self.text[..start].ends_with([' ', '\t']) {
            return Ok(());
        }
        let line = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let indent = &self.text[line..start];
        if !indent.bytes().all(|b| matches!(b, b' ' | b'\t')) {
            return Ok(());
        }
        match indent.find('\t') {
            Some(tab) => Err(End::Fault(Box::new(fault::tab(self.span(line + tab, line + tab + 1))))),
            None => Ok(()),
        }
    }

    fn report(&mut self, fault: Diagnostic) {
        if self.in_template == 0 && self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.file, start, end)
    }

    fn finish(mut self, stop: Option<Stop>) -> Outcome {
        if stop.is_some() {
            self.leave_out_unfinished();
        }
        while let Some(open) = self.open.pop() {
            let end = self.last_token;
            let node = self.close(open, end);
            if self.complete(node, 0, false).is_err() {
                break;
            }
        }
        let empty = match &self.root {
            None => true,
            Some(node) => matches!(&node.kind, Kind::Scalar(s) if s.value == ScalarValue::Null && s.text.is_empty()),
        };
        if empty && stop.is_none() && self.faults.is_empty() {
            self.faults.push(
                Diagnostic::error("Y008", self.span(0, 0), "the file is empty")
                    .help("a flow file starts with `steps:`; remove the file if it is not needed"),
            );
        }
        Outcome { node: if empty { None } else { self.root }, faults: self.faults, stop }
    }

    /// Drops the item of the outermost list in which parsing stopped: half a step would only give follow-up faults.
    fn leave_out_unfinished(&mut self) {
        let last = self.open.len().saturating_sub(1);
        let outermost = self.open.iter().position(|o| matches!(o.content, Content::Sequence(_))).filter(|i| *i < last);
        let template = self.open.iter().position(|o| o.template);
        let kept = outermost.map_or(usize::MAX, |i| i + 1).min(template.unwrap_or(usize::MAX));
        self.open.truncate(kept);
        self.in_template = 0;
    }
}
