//! Which statements the server makes, and for whom. A binary of its own, so that nothing else makes any meanwhile.

#[path = "queries/forks.rs"]
mod forks;
#[path = "queries/plans.rs"]
mod plans;
#[path = "queries/statements.rs"]
mod statements;
#[path = "queries/uninvolved.rs"]
mod uninvolved;
