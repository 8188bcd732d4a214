use super::*;
use crate::nn::Activation;

const SMALL: &str = r#"{"d_model": 8, "d_kv": 4, "d_ff": 16, "num_heads": 3,
    "num_layers": 2, "vocab_size": 50"#;

#[test]
fn absent_keys_have_the_published_defaults() {
    let c = Config::parse(&format!("{SMALL}}}")).unwrap();
    assert_eq!(c.num_decoder_layers, 2);
    assert_eq!(c.inner(), 12);
    assert_eq!((c.relative_attention_num_buckets, c.relative_attention_max_distance), (32, 128));
    assert!(c.scale_decoder_outputs && !c.own_head);
    let kind = FeedForwardKind { activation: Activation::Relu, gated: false };
    assert_eq!(c.feed_forward, kind);
}

#[test]
fn the_feed_forward_layer_is_that_of_transformers() {
    let kind = |activation, gated| FeedForwardKind { activation, gated };
    for (keys, expected) in [
        (r#""feed_forward_proj": "gated-gelu""#, kind(Activation::GeluTanh, true)),
        (r#""feed_forward_proj": "gated-silu""#, kind(Activation::Silu, true)),
        (r#""feed_forward_proj": "gelu""#, kind(Activation::Gelu, false)),
        (r#""feed_forward_proj": "gelu", "is_gated_act": true"#, kind(Activation::Gelu, true)),
        (
            r#""feed_forward_proj": "gelu", "is_gated_act": true, "dense_act_fn": "gelu_new""#,
            kind(Activation::GeluTanh, true),
        ),
        (
            r#""feed_forward_proj": "gated-gelu", "dense_act_fn": "relu""#,
            kind(Activation::Relu, true),
        ),
        (
            r#""feed_forward_proj": "gated-gelu", "is_gated_act": false"#,
            kind(Activation::GeluTanh, false),
        ),
    ] {
        let c = Config::parse(&format!("{SMALL}, {keys}}}")).unwrap();
        assert_eq!(c.feed_forward, expected, "{keys}");
        let again = Config::parse(&c.to_json().to_string()).unwrap();
        assert_eq!(again.feed_forward, expected, "{keys}");
    }
}

#[test]
fn keys_that_change_the_model_are_obeyed_or_refused() {
    let parse = |keys: &str| Config::parse(&format!("{SMALL}, {keys}}}"));
    let own = |c: Config| (c.scale_decoder_outputs, c.own_head);
    for (keys, expected) in [
        (r#""tie_word_embeddings": false"#, (false, true)),
        (r#""tie_word_embeddings": null"#, (true, false)),
        (r#""tie_word_embeddings": true, "scale_decoder_outputs": false"#, (false, false)),
        (r#""model_type": "umt5", "tie_word_embeddings": false"#, (false, true)),
        (r#""model_type": "umt5""#, (true, false)),
        (r#""model_type": "mt5""#, (false, true)),
        (r#""model_type": "mt5", "tie_word_embeddings": true"#, (false, false)),
        (
            r#""model_type": "mt5", "tie_word_embeddings": true, "transformers_version": "4.30.2""#,
            (true, false),
        ),
    ] {
        let config = parse(keys).unwrap();
        let again = Config::parse(&config.to_json().to_string()).unwrap();
        assert_eq!((own(config), own(again)), (expected, expected), "{keys}");
    }
    for (keys, named) in [
        (r#""hidden_size": 9"#, "'hidden_size'"),
        (r#""quantization_config": { "load_in_8bit": true }"#, "'quantization_config'"),
        (r#""pruned_heads": { "0": [1] }"#, "'pruned_heads'"),
        (r#""tie_encoder_decoder": true"#, "'tie_encoder_decoder'"),
        (r#""is_encoder_decoder": false"#, "'is_encoder_decoder'"),
        (r#""eos_token_id": [1, 2]"#, "'eos_token_id'"),
        (r#""eos_token_id": null"#, "no text would end"),
        (r#""dense_act_fn": "quick_gelu""#, "dense_act_fn 'quick_gelu'"),
        (r#""feed_forward_proj": "gated-foo-bar""#, "feed_forward_proj 'gated-foo-bar'"),
        (r#""relative_attention_num_buckets": null"#, "'relative_attention_num_buckets'"),
        (r#""layer_norm_epsilon": "1e-6""#, "'layer_norm_epsilon'"),
        (r#""decoder_start_token_id": -1"#, "'decoder_start_token_id'"),
    ] {
        let text = parse(keys).unwrap_err().to_string();
        assert!(text.contains(named), "no {named} in {text}");
    }
    assert!(
        parse(r#""pruned_heads": {}, "quantization_config": null, "eos_token_id": [1]"#).is_ok()
    );
}

#[test]
fn absent_sizes_are_those_of_the_kind_of_model() {
    let sizes = |c: &Config| (c.d_ff, c.num_heads, c.num_layers, c.vocab_size);
    let t5 = Config::parse(r#"{"model_type": "t5"}"#).unwrap();
    assert_eq!(sizes(&t5), (2048, 8, 6, 32128));
    let mt5 = Config::parse(r#"{"architectures": ["MT5ForConditionalGeneration"]}"#).unwrap();
    assert_eq!(sizes(&mt5), (1024, 6, 8, 250_112));
    let start = |model_type: &str| {
        let text = format!(r#"{{"model_type": "{model_type}", "pad_token_id": 5}}"#);
        Config::parse(&text).unwrap().decoder_start_token_id
    };
    assert_eq!((start("t5"), start("mt5"), start("umt5")), (5, 0, 0));
    let text = Config::parse(r#"{"hidden_size": 8, "vocab_size": 9}"#).unwrap_err().to_string();
    assert!(text.contains("the key 'd_model' is missing"), "{text}");
    let text = Config::parse(&format!("{SMALL}, \"num_heads\": null}}")).unwrap_err().to_string();
    assert!(text.contains("num_heads"), "{text}");
}

#[test]
fn nonsense_is_refused_by_name() {
    let e = Config::parse(&format!("{SMALL}, \"num_decoder_layers\": 0}}")).unwrap_err();
    assert!(e.to_string().contains("num_decoder_layers"), "{e}");
    let e = Config::parse(&format!("{SMALL}, \"feed_forward_proj\": \"gated-gelo\"}}"));
    assert!(e.unwrap_err().to_string().contains("gated-gelu"));
}

#[test]
fn sizes_that_no_model_has_are_refused_by_name() {
    for (name, value) in [
        ("num_layers", "9000000000000000000"),
        ("num_decoder_layers", "2000"),
        ("d_ff", "1e99"),
        ("vocab_size", "4000000000"),
        ("num_heads", "1048577"),
        ("relative_attention_max_distance", "-1"),
        ("dropout_rate", "1.5"),
        ("layer_norm_epsilon", "-1e-6"),
    ] {
        let mut config: serde_json::Value = serde_json::from_str(&format!("{SMALL}}}")).unwrap();
        config[name] = serde_json::from_str(value).unwrap();
        let e = Config::parse(&config.to_string()).unwrap_err().to_string();
        assert!(e.contains(name) || e.contains("1e+99"), "{name}: {e}");
    }
    let mut config: serde_json::Value = serde_json::from_str(&format!("{SMALL}}}")).unwrap();
    config["num_heads"] = 100_000.into();
    config["d_kv"] = 100_000.into();
    let e = Config::parse(&config.to_string()).unwrap_err().to_string();
    assert!(e.contains("'num_heads' times 'd_kv'"), "{e}");
}

/// The keys in the published configurations of each family.
#[test]
fn every_family_is_read_as_published() {
    let relu = FeedForwardKind { activation: Activation::Relu, gated: false };
    let tanh = FeedForwardKind { activation: Activation::GeluTanh, gated: true };
    for (family, keys, tied, kind, inner, layers) in [
        (
            "t5-small",
            r#""d_model": 512, "d_kv": 64, "d_ff": 2048, "num_heads": 8, "num_layers": 6,
               "n_positions": 512, "output_past": true"#,
            true,
            relu,
            512,
            6,
        ),
        (
            "t5-11b",
            r#""d_model": 1024, "d_kv": 128, "d_ff": 65536, "num_heads": 128,
               "num_layers": 24, "n_positions": 512"#,
            true,
            relu,
            16384,
            24,
        ),
        (
            "t5-v1_1-small, lm-adapt",
            r#""d_model": 512, "d_kv": 64, "d_ff": 1024, "num_heads": 6, "num_layers": 8,
               "num_decoder_layers": 8, "feed_forward_proj": "gated-gelu",
               "tie_word_embeddings": false"#,
            false,
            tanh,
            384,
            8,
        ),
        (
            "flan-t5-xxl",
            r#""d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 24,
               "feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu_new",
               "is_gated_act": true, "tie_word_embeddings": false"#,
            false,
            tanh,
            4096,
            24,
        ),
        (
            "flan-t5, older",
            r#""d_model": 768, "d_kv": 64, "d_ff": 2048, "num_heads": 12, "num_layers": 12,
               "feed_forward_proj": "gelu", "dense_act_fn": "gelu_new", "is_gated_act": true,
               "num_decoder_layers": null,
               "tie_word_embeddings": false"#,
            false,
            tanh,
            768,
            12,
        ),
    ] {
        let text = format!(r#"{{{keys}, "vocab_size": 32128, "model_type": "t5"}}"#);
        let c = Config::parse(&text).unwrap();
        let found = (!c.own_head, c.feed_forward, c.inner(), c.num_decoder_layers);
        assert_eq!(found, (tied, kind, inner, layers), "{family}");
    }
}
