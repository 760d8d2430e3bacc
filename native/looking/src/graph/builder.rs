//! A graph, block by block: first all entries, then what they are together, then what is told of it.

use std::sync::Arc;

use kgdump_shared::fault::Outcome;

use super::facts::Told;
use super::gather::Gatherer;
use super::layout::{Kind, Layout};
use super::links::{self, Connected};
use super::parse::{Parsed, each_piece};
use super::problems;
use super::report::{self, Texts};
use super::sorter::Room;
use super::threads::beside;
use super::walk::{self, Figures, Looking, Walked};

pub struct Builder {
    layout: Arc<Layout>,
    room: Room,
    gatherer: Gatherer,
    figures: Option<(Figures, Connected)>,
}

impl Builder {
    pub fn new(layout: Arc<Layout>, room: Room) -> Self {
        let gatherer = Gatherer::new(&room);
        Self { layout, room, gatherer, figures: None }
    }

    /// Takes in a block.
    ///
    /// Errors: DUMP_ENTRIES_MALFORMED, and those of the temporary files.
    pub fn add(&mut self, raw: &[u8]) -> Outcome<()> {
        let layout = Arc::clone(&self.layout);
        each_piece(&layout, raw, |parsed| self.take(parsed))
    }

    /// Takes in a piece of a block, which was parsed by the same layout.
    ///
    /// Errors: those of the temporary files.
    pub fn take(&mut self, parsed: &Parsed) -> Outcome<()> {
        self.gatherer.take(&self.layout, parsed)
    }

    /// Looks at all that was added.
    /// @param hubs nodes with the most edges to name; without it only problems are looked for
    ///
    /// Errors: those of the temporary files.
    pub fn finish(&mut self, hubs: Option<usize>) -> Outcome<()> {
        let Gatherer { facts, problems, linked, .. } = &mut self.gatherer;
        let linked = *linked;
        let has_lists = self.layout.rules.iter().any(|rule| matches!(rule.kind, Kind::Outgoing | Kind::Incoming));
        let looking = Looking { room: &self.room, hubs, implied: !self.layout.has_nodes, has_lists };
        let walked = walk_all(&mut facts.parts(&self.room)?, looking)?;
        facts.clear();
        let (mut all, mut links) = (None::<Figures>, Vec::new());
        for Walked { problems: mut found, figures } in walked {
            let mut found = found.sorted()?;
            while let Some(problem) = found.next()? {
                problems.push(problem)?;
            }
            let Some((figures, ends)) = figures else { continue };
            links.push((ends, all.as_ref().map_or(0, |all| all.nodes)));
            match &mut all {
                Some(all) => all.join(figures)?,
                None => all = Some(figures),
            }
        }
        if let Some(all) = all {
            let connected = links::connect(&links, all.nodes, linked, &self.room)?;
            self.figures = Some((all, connected));
        }
        Ok(())
    }

    /// What was found, as JSON; problems that another graph has too are not new.
    ///
    /// Errors: IO_FAILED.
    pub fn report(&mut self, before: Option<&mut Self>) -> Outcome<String> {
        let tallies =
            problems::tallies(&mut self.gatherer.problems, before.map(|before| &mut before.gatherer.problems))?;
        let figures = self.figures.as_ref();
        let ids = report::ids_in(&self.layout, &tallies, figures.map(|(figures, _)| figures));
        let texts = Texts { layout: &self.layout, texts: self.gatherer.names.texts(ids.into_iter())? };
        let problems = report::problems(&self.gatherer, &tallies, &texts);
        let figures = figures.map_or("null".to_owned(), |(figures, connected)| {
            format!("{{{}}}", report::figures(&self.gatherer, figures, connected, &texts))
        });
        Ok(format!("{{{problems},\"figures\":{figures}}}"))
    }

    /// Gives memory and disk back.
    pub fn close(&mut self) {
        self.gatherer = Gatherer::new(&self.room);
        self.figures = None;
    }
}

/// Goes through all parts of the facts, through the second one on a thread of its own.
///
/// Errors: those of the temporary files.
fn walk_all(parts: &mut [Told<'_>], looking: Looking<'_>) -> Outcome<Vec<Walked>> {
    let count = parts.len();
    let [first, second] = parts else {
        return parts.iter_mut().map(|part| walk::walk(part, looking, count)).collect();
    };
    let (other, one) = beside(true, || walk::walk(second, looking, count), || walk::walk(first, looking, count));
    Ok(vec![one?, other?])
}
