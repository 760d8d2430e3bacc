//! What keys and values have in the places of fields, as text.

use std::borrow::Cow;

use super::id::uuid_text;
use super::layout::{Form, Name, Rule};
use super::pick::{Picked, Picks};
use crate::quoted::Quoted;

/// What a value has in the place of a field.
pub enum Field<'a> {
    /// It is not asked for.
    Unasked,
    Text(Cow<'a, [u8]>),
    Number(&'a [u8]),
    Wrong,
}

/// What a value has in the place of a field.
pub fn field_of<'a>(rule: &Rule, picks: &Picks, value: &'a [u8], name: Name) -> Field<'a> {
    if rule.paths.fields[name as usize].is_none() {
        return Field::Unasked;
    }
    match &picks.picked[name as usize] {
        Some(Picked::Text { raw, escaped }) => {
            Field::Text(Quoted { raw: &value[raw.clone()], escaped: *escaped }.text())
        }
        Some(Picked::Number(range)) => Field::Number(&value[range.clone()]),
        _ => Field::Wrong,
    }
}

/// The text of what stands in a key.
pub fn text_of(form: Form, bytes: &[u8]) -> Cow<'_, [u8]> {
    match form {
        Form::Text | Form::UuidText => Cow::Borrowed(bytes),
        Form::Uuid => Cow::Owned(bytes.try_into().map_or_else(|_| Vec::new(), |id| uuid_text(&id).into_bytes())),
        Form::U64 => {
            let number = bytes.try_into().map_or(0, u64::from_be_bytes);
            Cow::Owned(number.to_string().into_bytes())
        }
    }
}
