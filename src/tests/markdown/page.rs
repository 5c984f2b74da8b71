//! A model of the page: what the browser does with the patches.

use rivulet::markdown::{Document, Edit, Patch, TailChange};

use crate::elements::{EMPTY, Piece, pieces};

/// The elements of a message, and the document that they follow.
#[derive(Default)]
pub struct Page {
    pub document: Document,
    pub blocks: Vec<String>,
}

impl Page {
    /// Shows a longer text and returns the patch, which must lead to exactly the document's HTML.
    pub fn show(&mut self, text: &str, growing: bool) -> Patch {
        let patch = self.document.update(text, growing);
        self.apply(patch.clone());
        let blocks: Vec<&str> = self.document.blocks().collect();
        assert_eq!(self.blocks, blocks, "after {text:?}");
        patch
    }

    fn apply(&mut self, patch: Patch) {
        match patch.change {
            TailChange::Nothing => {}
            TailChange::Blocks(new) => {
                assert!(patch.keep <= self.blocks.len());
                self.blocks.truncate(patch.keep);
                self.blocks.extend(new);
            }
            TailChange::End(edit, new) => {
                assert!(patch.keep < self.blocks.len());
                self.blocks.truncate(patch.keep + 1);
                let block = self.blocks.last_mut().expect("a block");
                let mut tree = Tree::of(block);
                tree.change_end(&edit);
                *block = tree.html();
                self.blocks.extend(new);
            }
            TailChange::Code(code) => {
                assert_eq!(patch.keep + 1, self.blocks.len());
                let block = &mut self.blocks[patch.keep];
                let end = block.rfind("</code>").expect("a code block");
                block.insert_str(end, &escaped(&code));
            }
        }
    }
}

/// A tree of nodes as the browser has it. The first one is the root, without a tag. Without recursion, since it may be deep.
struct Tree<'a>(Vec<Node<'a>>);

#[derive(Default)]
struct Node<'a> {
    /// What stands in the angle brackets, or a text's HTML.
    source: String,
    /// An element's name.
    name: Option<&'a str>,
    children: Vec<usize>,
}

impl<'a> Tree<'a> {
    fn of(html: &'a str) -> Self {
        let mut tree = Self(vec![Node::default()]);
        tree.append(0, html);
        tree
    }

    fn append(&mut self, parent: usize, html: &'a str) {
        let mut open = vec![parent];
        for piece in pieces(html) {
            let parent = *open.last().expect("a parent");
            let (source, name) = match piece {
                Piece::Open(name, "") => (name.to_string(), Some(name)),
                Piece::Open(name, attributes) => (format!("{name} {attributes}"), Some(name)),
                Piece::Text(text) => (text.to_string(), None),
                Piece::Close(_) => {
                    open.pop();
                    continue;
                }
            };
            let node = self.0.len();
            self.0[parent].children.push(node);
            if name.is_some_and(|name| !EMPTY.contains(&name)) {
                open.push(node);
            }
            self.0.push(Node { source, name, children: Vec::new() });
        }
    }

    /// Where among its parent's children the element stands that so many others follow.
    fn child_from_end(&self, parent: usize, following: usize) -> Option<usize> {
        let elements = self.0[parent].children.iter().enumerate().filter(|(_, node)| self.0[**node].name.is_some());
        elements.map(|(at, _)| at).rev().nth(following)
    }

    /// What `markdown::dom` does with an edit to the first element.
    fn change_end(&mut self, edit: &'a Edit) {
        let mut element = self.0[0].children[0];
        for (depth, level) in edit.levels.iter().enumerate().rev() {
            let place = self.child_from_end(element, level.old);
            let inside = place.map(|place| self.0[element].children[place]);
            let last = self.0[element].children.last().copied();
            if depth > 0 || !edit.appends {
                self.0[element].children.truncate(place.map_or(0, |place| place + 1));
            } else if let Some(text) = last.filter(|last| self.0[*last].name.is_none()) {
                self.0[text].source.push_str(&escaped(&edit.text));
            } else if !edit.text.is_empty() {
                let text = self.0.len();
                self.0.push(Node { source: escaped(&edit.text), ..Node::default() });
                self.0[element].children.push(text);
            }
            self.append(element, &level.html);
            element = inside.unwrap_or_default();
        }
    }

    fn html(&self) -> String {
        let (mut html, mut open) = (String::new(), vec![(0, 0)]);
        while let Some((node, at)) = open.pop() {
            let Node { source, name, children } = &self.0[node];
            match (name, at) {
                (Some(_), 0) => html.push_str(&format!("<{source}>")),
                (None, 0) => html.push_str(source),
                _ => {}
            }
            if let Some(child) = children.get(at) {
                open.extend([(node, at + 1), (*child, 0)]);
            } else if let Some(name) = name.filter(|name| !EMPTY.contains(name)) {
                html.push_str(&format!("</{name}>"));
            }
        }
        html
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
