//! How many connections are open, in all and of each client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Room for connections.
pub struct ConnectionSlots {
    in_all: usize,
    of_client: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    of_client: HashMap<IpAddr, usize>,
}

/// One connection's slot. It is free again when the last clone is dropped.
#[derive(Clone)]
pub struct ConnectionSlot(#[allow(dead_code, reason = "it is held, not read")] Arc<Held>);

struct Held {
    client: Option<IpAddr>,
    taken: Arc<Mutex<Taken>>,
}

impl ConnectionSlots {
    /// For so many connections in all and of each client.
    pub fn new(in_all: usize, of_client: usize) -> ConnectionSlots {
        ConnectionSlots { in_all, of_client, taken: Arc::default() }
    }

    /// A slot for a connection of this client, by the key of its address; without one it counts only in all. None if
    /// there is no room.
    pub fn take(&self, client: Option<IpAddr>) -> Option<ConnectionSlot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.in_all >= self.in_all {
            return None;
        }
        if let Some(client) = client {
            let of_client = taken.of_client.entry(client).or_default();
            if *of_client >= self.of_client {
                return None;
            }
            *of_client += 1;
        }
        taken.in_all += 1;
        Some(ConnectionSlot(Arc::new(Held { client, taken: self.taken.clone() })))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all -= 1;
        if let Some(client) = self.client
            && let Some(of_client) = taken.of_client.get_mut(&client)
        {
            *of_client -= 1;
            // Nothing is kept of clients that are gone.
            if *of_client == 0 {
                taken.of_client.remove(&client);
            }
        }
    }
}
