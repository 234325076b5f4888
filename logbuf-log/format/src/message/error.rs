//! What is wrong with a message.

use crate::{
    template::{self, Style},
    types::Type,
};
use std::fmt;

/// Where a template does not fit its site, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The offset in the template, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The template breaks the grammar.
    Template(template::Error),
    /// A placeholder does not name its values by index.
    NotCanonical,
    /// There is no value with this index.
    NoValue {
        /// The index.
        index: usize,
        /// How many values the site has.
        values: usize,
    },
    /// A value cannot be printed in this style.
    Style {
        /// The index of the value.
        index: usize,
        /// Its type.
        ty: Type,
        /// The style.
        style: Style,
    },
    /// A value cannot be a width or a precision.
    Count {
        /// The index of the value.
        index: usize,
        /// Its type.
        ty: Type,
    },
}

impl From<template::Error> for Error {
    fn from(error: template::Error) -> Self {
        Self { offset: error.offset, fault: Fault::Template(error) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match &self.fault {
            // It names the offset itself.
            Fault::Template(error) => write!(f, "template: {error}"),
            fault => write!(f, "template: at byte {offset}: {fault}"),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(error) => error.fmt(f),
            Self::NotCanonical => f.write_str("a placeholder names its values by index"),
            Self::NoValue { index, values } => {
                write!(f, "value {index} of {values} does not exist")
            }
            Self::Style { index, ty, style } => {
                write!(f, "value {index} of type {ty} has no style `{}`", style.suffix())
            }
            Self::Count { index, ty } => {
                write!(f, "value {index} of type {ty} is no width or precision")
            }
        }
    }
}
