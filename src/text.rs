//! The one place where pages get their sentences: typed keys, English for now.

/// A sentence by its key: `tr!(queue.title)`, `tr!(queue.late, age = "3 h")`. A key that
/// `locales/en.json` does not have does not compile.
macro_rules! tr {
    ($($key:ident).+ $(, $name:ident = $value:expr)* $(,)?) => {
        leptos_i18n::td_string!($crate::locales::Locale::en, $($key).+ $(, $name = $value)*).to_string()
    };
}
