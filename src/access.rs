//! Who may see and do what. Every statement about what people own takes a [`Viewer`], and its conditions stand in
//! [`store`] alone.

#[cfg(feature = "ssr")]
pub mod store;

use std::str::FromStr;

use crate::{
    ids::{AccountId, UserId},
    message::UnknownName,
};

/// Who asks: a person, in one of the accounts that they are a member of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewer {
    pub user: UserId,
    /// Whose conversations the sidebar lists, and in which new ones begin.
    pub account: AccountId,
}

/// What a member of an account is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRole {
    Owner,
    Admin,
    Member,
}

impl AccountRole {
    pub fn as_str(self) -> &'static str {
        match self {
            AccountRole::Owner => "owner",
            AccountRole::Admin => "admin",
            AccountRole::Member => "member",
        }
    }
}

impl FromStr for AccountRole {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<AccountRole, UnknownName> {
        let known = [AccountRole::Owner, AccountRole::Admin, AccountRole::Member];
        known.into_iter().find(|role| role.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}
