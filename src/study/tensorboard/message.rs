//! TensorFlow's framing (length, masked CRC-32C, content) of `Event` messages of Protocol Buffers.

/// The contents of an event.
pub enum Part<'a> {
    /// The first event of a file.
    Version,
    Scalars(&'a [(String, f32)]),
    /// Data of a dashboard.
    Plugin(&'a Plugin),
}

/// A summary that has metadata of a dashboard and no value.
pub struct Plugin {
    pub tag: &'static str,
    pub name: &'static str,
    pub content: Vec<u8>,
}

/// `Event { wall_time = 1, step = 2, file_version = 3, summary = 5 }`
pub fn event(time: f64, step: i64, part: &Part) -> Vec<u8> {
    let mut out = vec![0x09];
    out.extend(time.to_le_bytes());
    out.push(0x10);
    varint(step as u64, &mut out);
    match part {
        Part::Version => field(3, b"brain.Event:2", &mut out),
        Part::Scalars(scalars) => {
            let mut summary = Vec::new();
            for (tag, value) in *scalars {
                // `Summary { repeated Value = 1 }`, `Value { tag = 1, simple_value = 2 }`
                let mut one = Vec::new();
                field(1, tag.as_bytes(), &mut one);
                one.push(0x15);
                one.extend(value.to_le_bytes());
                field(1, &one, &mut summary);
            }
            field(5, &summary, &mut out);
        }
        Part::Plugin(plugin) => field(5, &summary_of(plugin), &mut out),
    }
    out
}

/// `Summary { Value = 1 }`, `Value { tag = 1, metadata = 9 }`, `SummaryMetadata { plugin_data = 1 }`,
/// `PluginData { plugin_name = 1, content = 2 }`
fn summary_of(plugin: &Plugin) -> Vec<u8> {
    let (mut data, mut metadata, mut value, mut summary) = (vec![], vec![], vec![], vec![]);
    field(1, plugin.name.as_bytes(), &mut data);
    field(2, &plugin.content, &mut data);
    field(1, &data, &mut metadata);
    field(1, plugin.tag.as_bytes(), &mut value);
    field(9, &metadata, &mut value);
    field(1, &value, &mut summary);
    summary
}

/// A field of bytes.
pub fn field(number: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(number << 3 | 2);
    varint(content.len() as u64, out);
    out.extend(content);
}

/// A field of a double.
pub fn number(field: u8, value: f64, out: &mut Vec<u8>) {
    out.push(field << 3 | 1);
    out.extend(value.to_le_bytes());
}

pub fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn record(out: &mut Vec<u8>, content: &[u8]) {
    let length = (content.len() as u64).to_le_bytes();
    out.extend(length);
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(content);
    out.extend(masked_crc(content).to_le_bytes());
}

fn masked_crc(content: &[u8]) -> u32 {
    crc32c::crc32c(content).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framing_is_tensorflow_s() {
        // The standard check value of CRC-32C, and numbers of one and two bytes.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        let mut out = Vec::new();
        varint(300, &mut out);
        assert_eq!(out, [0xac, 0x02]);
        let event = event(1.5, 7, &Part::Scalars(&[("loss".into(), 0.5)]));
        let mut wanted = vec![0x09];
        wanted.extend(1.5f64.to_le_bytes());
        wanted.extend([0x10, 7, 0x2a, 13, 0x0a, 11, 0x0a, 4]);
        wanted.extend(b"loss");
        wanted.push(0x15);
        wanted.extend(0.5f32.to_le_bytes());
        assert_eq!(event, wanted);
    }
}
