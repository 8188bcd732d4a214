//! Porter's stemmer (Porter 1980) with the extensions of NLTK's `PorterStemmer`, which rouge_score uses.

/// Words whose stems are not computed.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

type Condition = fn(&str) -> bool;

/// The stem of a word of ASCII letters and digits in lower case.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == word) {
        return stem.to_string();
    }
    if word.len() <= 2 {
        return word.to_string();
    }
    let steps =
        [plurals, past, final_y, double_suffixes, suffixes, last_suffixes, final_e, final_l];
    steps.iter().fold(word.to_string(), |word, step| step(&word))
}

fn is_consonant(word: &[u8], i: usize) -> bool {
    match word[i] {
        b'a' | b'e' | b'i' | b'o' | b'u' => false,
        b'y' => i == 0 || !is_consonant(word, i - 1),
        _ => true,
    }
}

/// The number of vowels, or runs of vowels, that a consonant follows.
fn measure(word: &str) -> usize {
    let word = word.as_bytes();
    (1..word.len()).filter(|&i| !is_consonant(word, i - 1) && is_consonant(word, i)).count()
}

fn has_measure(word: &str) -> bool {
    measure(word) > 0
}

fn is_long(word: &str) -> bool {
    measure(word) > 1
}

fn has_vowel(word: &str) -> bool {
    (0..word.len()).any(|i| !is_consonant(word.as_bytes(), i))
}

fn ends_in_double_consonant(word: &str) -> bool {
    let bytes = word.as_bytes();
    matches!(bytes, [.., a, b] if a == b) && is_consonant(bytes, bytes.len() - 1)
}

/// Consonant, vowel and consonant other than w, x, y; also vowel and consonant as the whole word.
fn ends_in_short_syllable(word: &str) -> bool {
    let w = word.as_bytes();
    let n = w.len();
    let ends = n >= 3
        && is_consonant(w, n - 3)
        && !is_consonant(w, n - 2)
        && is_consonant(w, n - 1)
        && !b"wxy".contains(&w[n - 1]);
    ends || n == 2 && !is_consonant(w, 0) && is_consonant(w, 1)
}

/// Replaces the first of the suffixes that the word has, if what is before it meets the condition.
fn replaced(word: &str, rules: &[(&str, &str)], condition: Condition) -> String {
    for (suffix, replacement) in rules {
        if let Some(stem) = word.strip_suffix(suffix) {
            return if condition(stem) { format!("{stem}{replacement}") } else { word.to_string() };
        }
    }
    word.to_string()
}

fn plurals(word: &str) -> String {
    if word.len() == 4 && word.ends_with("ies") {
        return word[..3].to_string();
    }
    replaced(word, &[("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")], |_| true)
}

fn past(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return format!("{stem}{}", if word.len() == 4 { "ie" } else { "i" });
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if has_measure(stem) { format!("{stem}ee") } else { word.to_string() };
    }
    let stems = ["ed", "ing"].into_iter().filter_map(|suffix| word.strip_suffix(suffix));
    let Some(stem) = stems.into_iter().find(|stem| has_vowel(stem)) else {
        return word.to_string();
    };
    if let Some(suffix) = ["at", "bl", "iz"].iter().find(|suffix| stem.ends_with(**suffix)) {
        return format!("{}{suffix}e", &stem[..stem.len() - 2]);
    }
    if ends_in_double_consonant(stem) {
        let keeps = stem.ends_with(['l', 's', 'z']);
        return stem[..stem.len() - usize::from(!keeps)].to_string();
    }
    match measure(stem) == 1 && ends_in_short_syllable(stem) {
        true => format!("{stem}e"),
        false => stem.to_string(),
    }
}

fn final_y(word: &str) -> String {
    replaced(word, &[("y", "i")], |stem| {
        stem.len() > 1 && is_consonant(stem.as_bytes(), stem.len() - 1)
    })
}

fn double_suffixes(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("alli").filter(|stem| has_measure(stem)) {
        return double_suffixes(&format!("{stem}al"));
    }
    const RULES: [(&str, &str); 21] = [
        ("ational", "ate"),
        ("tional", "tion"),
        ("enci", "ence"),
        ("anci", "ance"),
        ("izer", "ize"),
        ("bli", "ble"),
        ("alli", "al"),
        ("entli", "ent"),
        ("eli", "e"),
        ("ousli", "ous"),
        ("ization", "ize"),
        ("ation", "ate"),
        ("ator", "ate"),
        ("alism", "al"),
        ("iveness", "ive"),
        ("fulness", "ful"),
        ("ousness", "ous"),
        ("aliti", "al"),
        ("iviti", "ive"),
        ("biliti", "ble"),
        ("fulli", "ful"),
    ];
    match word.strip_suffix("logi") {
        // The l belongs to what is measured.
        Some(_) if has_measure(&word[..word.len() - 3]) => word[..word.len() - 1].to_string(),
        Some(_) => word.to_string(),
        None => replaced(word, &RULES, has_measure),
    }
}

fn suffixes(word: &str) -> String {
    const RULES: [(&str, &str); 7] = [
        ("icate", "ic"),
        ("ative", ""),
        ("alize", "al"),
        ("iciti", "ic"),
        ("ical", "ic"),
        ("ful", ""),
        ("ness", ""),
    ];
    replaced(word, &RULES, has_measure)
}

fn last_suffixes(word: &str) -> String {
    const BEFORE: [&str; 11] =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"];
    const AFTER: [&str; 7] = ["ou", "ism", "ate", "iti", "ous", "ive", "ize"];
    for suffix in BEFORE.iter().chain(&["ion"]).chain(&AFTER) {
        let Some(stem) = word.strip_suffix(suffix) else { continue };
        let fits = *suffix != "ion" || stem.ends_with(['s', 't']);
        return if is_long(stem) && fits { stem } else { word }.to_string();
    }
    word.to_string()
}

fn final_e(word: &str) -> String {
    let keeps =
        |stem: &&str| measure(stem) > 1 || measure(stem) == 1 && !ends_in_short_syllable(stem);
    word.strip_suffix('e').filter(keeps).unwrap_or(word).to_string()
}

fn final_l(word: &str) -> String {
    match word.ends_with("ll") && is_long(&word[..word.len() - 1]) {
        true => word[..word.len() - 1].to_string(),
        false => word.to_string(),
    }
}
