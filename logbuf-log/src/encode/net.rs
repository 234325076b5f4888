//! Addresses of the internet.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::{Shown, Value};

macro_rules! address {
    ($($type:ident => $variant:ident, $self:ident, $out:ident => $len:expr, $put:block)*) => {$(
        impl Encode for $type {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                *self
            }
        }

        impl Value for $type {
            const SIGNATURE: Signature = signature::of(stringify!($variant));
            fn describe(_: &mut Description) -> Type {
                Type::$variant
            }
            #[inline(always)]
            fn encoded_len($self) -> usize {
                $len
            }
            #[inline(always)]
            fn put($self, $out: &mut Encoder<'_>) $put
        }

        impl Shown for $type {}
    )*};
}

address! {
    Ipv4Addr => Ip, self, out => 1 + 4, {
        out.put(&[4]);
        out.put(&self.octets());
    }
    Ipv6Addr => Ip, self, out => 1 + 16, {
        out.put(&[6]);
        out.put(&self.octets());
    }
    IpAddr => Ip, self, out => match self {
        IpAddr::V4(ip) => ip.encoded_len(),
        IpAddr::V6(ip) => ip.encoded_len(),
    }, {
        match self {
            Self::V4(ip) => ip.put(out),
            Self::V6(ip) => ip.put(out),
        }
    }
    SocketAddrV4 => Socket, self, out => self.ip().encoded_len() + 2, {
        self.ip().put(out);
        self.port().put(out);
    }
    SocketAddrV6 => Socket, self, out => self.ip().encoded_len() + 2 + 4 + 4, {
        self.ip().put(out);
        self.port().put(out);
        self.flowinfo().put(out);
        self.scope_id().put(out);
    }
    SocketAddr => Socket, self, out => match self {
        SocketAddr::V4(socket) => socket.encoded_len(),
        SocketAddr::V6(socket) => socket.encoded_len(),
    }, {
        match self {
            Self::V4(socket) => socket.put(out),
            Self::V6(socket) => socket.put(out),
        }
    }
}
