use super::*;
use proptest::prelude::*;
use std::io::Write;

fn gather(bytes: &[u8]) -> Result<(Tally, Vec<Sample>), SamplesError> {
    let mut all = vec![];
    let tally = read(bytes, &mut |_, sample| all.push(sample))?;
    Ok((tally, all))
}

fn lines(text: &str) -> Vec<String> {
    let (_, all) = gather(text.as_bytes()).expect(text);
    all.iter().map(|it| format!("{} {} {:?}", it.time, it.series, it.rtt_ms)).collect()
}

#[test]
fn a_file_is_known_by_what_is_in_it() {
    let expected = ["2026-11-20T14:05:00Z CN-1/Oslo Some(8.5)", "2026-11-20T14:05:01.250Z CN-1/Oslo None"];
    let check = |text: &str| assert_eq!(lines(text), expected, "{text}");
    check("time,series,rtt_ms\n2026-11-20T14:05:00Z,CN-1/Oslo,8.5\n2026-11-20T14:05:01.25Z,CN-1/Oslo,\n");
    check("2026-11-20T14:05:00Z,CN-1/Oslo,8.5\r\n2026-11-20T14:05:01.25Z,CN-1/Oslo,\r\n");
    check("\u{feff}Series,RTT_ms,Time,note\n CN-1/Oslo , 8.5 ,1795183500,x\n\"CN-1/Oslo\",,1795183501.25,y");
    check(
        "{\"series\":\"CN-1/Oslo\",\"time\":\"2026-11-20T15:05:00+01:00\",\"rtt_ms\":8.5}\n\n{\"series\":\"CN-1/Oslo\",\"time\":1795183501250,\"rtt_ms\":null}",
    );
    check(
        "[{\"series\":\"CN-1/Oslo\",\"time\":1795183500,\"rtt_ms\":8.5},{\"series\":\"CN-1/Oslo\",\"time\":\"2026-11-20T10:35:01.25-0330\",\"rtt_ms\":null}]",
    );
    let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    packer.write_all(b"1795183500,a,1.5\n").expect("packed");
    let packed = packer.finish().expect("packed");
    assert_eq!(gather(&packed).expect("unpacked").1.len(), 1);
    assert!(matches!(gather(&packed[..packed.len() - 9]), Err(SamplesError::Packed(_))), "cut off");
    let (header, _) = gather(b"time,series,rtt_ms\n").expect("a file without samples");
    assert_eq!((header.form, header.samples, header.refused), (Form::Csv, 0, 0));
}

#[test]
fn what_cannot_be_is_refused_with_its_line_and_the_rest_is_read() {
    let check = |row: &str, words: &str| {
        let (tally, all) = gather(format!("time,series,rtt_ms\n1795183500,a,1.5\n{row}\n1795183501,a,2.5\n").as_bytes()).expect(row);
        assert_eq!((all.len(), tally.refused), (2, 1), "{row}");
        let remark = tally.reasons[0].to_string();
        assert!(remark.starts_with("line 3: ") && remark.contains(words), "{row}: {remark}");
    };
    check("1795183500,a,-1", "rtt_ms -1 is not a round-trip time");
    check("1795183500,a,0", "at least 0.001");
    check("1795183500,a,1e-300", "rtt_ms 1e-300 is not");
    check("1795183500,a,1e300", "rtt_ms 1e300 is not a round-trip time: it must be");
    check("1795183500,a,60000", "less than 60000");
    check("1795183500,\"a,1", "a quotation mark is not closed");
    check("1795183500,a,NaN", "not a round-trip time");
    check("1795183500,a,inf", "not a round-trip time");
    check("1795183500,a,fast", "“fast” is no round-trip time");
    check("1795183500,,1", "the series name");
    check("yesterday,a,1", "“yesterday” is no time");
    check("2026-11-20T14:05:00,a,1", "says no zone; write 2026-11-20T14:05:00Z");
    check("-5,a,1", "no time in seconds");
    check("1795183500,a", "it has no rtt_ms");
    check("1795183500", "it has no rtt_ms");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let check = |text: &str, line: u64| {
        let (tally, all) = gather(text.as_bytes()).expect(text);
        assert_eq!((all.len(), tally.reasons.len(), tally.reasons[0].line), (2, 1, line), "{text:?}");
    };
    check("time,series,rtt_ms\r\n1,a,1\r\n1,a,x\r\n1,a,2\r\n", 3);
    check("\n\ntime,series,rtt_ms\n\n1,a,1\n\r\n1,a,2\n1,a,x", 8);
    check("1,a,1\n\n1,\"a,x\n1,\"a\",2\n", 3);
    check(
        "\n{\"time\":1,\"series\":\"a\",\"rtt_ms\":1}\r\n\r\n{\"time\":1,\"series\":\"a\"}\r\n{\"time\":1,\"series\":\"a\",\"rtt_ms\":null}",
        4,
    );
}

#[test]
fn an_array_is_read_by_lines_or_not_at_all() {
    let text = "[\n\n{\"series\":\"a\"},\n{\"series\":\"a\",\n\"time\":1,\"rtt_ms\":2},{\"series\":\"a\",\"time\":null,\"rtt_ms\":2}, 5]";
    let (tally, all) = gather(text.as_bytes()).expect("samples");
    let told: Vec<String> = tally.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 1);
    assert_eq!(
        told,
        [
            "line 3: missing field `time`",
            "line 5: its time is neither a text nor a number",
            "line 5: it is no object with series, time and rtt_ms",
        ]
    );
    for broken in ["[{\"series\":\"a\",\"time\":1,\"rtt_ms\":2},]", "[] x", "[{\"series\":\"a\""] {
        assert!(matches!(gather(broken.as_bytes()), Err(SamplesError::Array(_))), "{broken}");
    }
}

#[test]
fn a_series_may_be_called_like_a_column() {
    assert_eq!(lines("1795183500,time,1\n1795183501,a,2\n").len(), 2);
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_refused() {
    let check = |text: &str, words: &str| {
        let error = gather(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    };
    check("hello\nworld\n", "no line of it can be read as CSV; line 1: it has no rtt_ms");
    check("time,series\n1,a\n", "names no column “rtt_ms”");
    check("{\"a\":1}\n", "as JSON; line 1: missing field `series`");
    check(r#"{"series":"a","time":1,"rtt":5}"#, "it has no rtt_ms; write null for a lost packet");
    check("", "it is empty");
    check(" \r\n", "it is empty");
    check("[1, 2", "no array of JSON");
    check("1,a,3,4\n", "decimals stand behind a point");
    check("time,series,rtt_ms\n1,a,3,4\n", "4 fields instead of 3");
    check("time,rtt_ms,series\n1,5,5,a\n", "4 fields instead of 3");
    check("[[\"a\",1,5]]", "no object");
    check(r#"{"type":"dns","timestamp":1,"prb_id":1,"dst_name":"a"}"#, "no round-trip times");
}

#[test]
fn what_comes_again_counts_and_is_told() {
    let (tally, all) = gather(b"1,a,1.5\n1,a,1.5\n1,b,1.5\n1,a,1.6\n1,a,\n1,a,\n").expect("samples");
    assert_eq!((all.len(), tally.repeated, tally.first_repeated), (6, 2, Some(2)));
    let lost = r#"{"fw":5080,"type":"ping","af":4,"prb_id":1,"dst_name":"a","timestamp":1,"sent":3,"rcvd":0,"result":[{"x":"*"},{"x":"*"},{"x":"*"}]}"#;
    let (tally, all) = gather(lost.as_bytes()).expect("a result");
    assert_eq!((all.len(), tally.repeated), (3, 0), "packets of one result may be alike");
}

#[test]
fn recorded_results_of_atlas_are_read() {
    let (tally, all) = gather(include_bytes!("../../../service/demo/atlas-ping.jsonl")).expect("samples");
    assert_eq!((tally.form, tally.refused), (Form::Json, 0));
    assert_eq!(all.iter().filter(|it| it.rtt_ms.is_none()).count(), 3);
    assert!(all.iter().all(|it| it.series.starts_with("atlas-")));
    let first: Vec<_> = all.iter().take(3).filter_map(|it| it.rtt_ms).collect();
    assert_eq!((first[0], first[2]), (123.894, 125.445));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = gather(&bytes);
    }

    #[test]
    fn any_text_is_answered(text in "[\\[{\"a-z0-9:,.\\-\n }]{0,120}") {
        let _ = gather(text.as_bytes());
    }
}

#[test]
fn what_unpacks_to_more_than_is_borne_is_not_unpacked() {
    let packed = |bytes: usize| {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
        encoder.write_all(&vec![b'x'; bytes]).expect("written");
        encoder.finish().expect("packed")
    };
    let check = |file: &[u8], expected: Option<usize>| assert_eq!(unpacked(file, 1000).map(|it| it.len()), expected);
    check(&packed(1000), Some(1000));
    check(&packed(1001), None);
    check(&packed(50_000_000), None);
    check(&[b'x'; 1000], Some(1000));
    check(&[b'x'; 1001], None);
    let broken = &packed(1000)[..12];
    check(broken, Some(broken.len()));
}
