//! Proper answers, well or not.

use healthcheck::http::{BODY, Options, Statuses};

use super::{answered, is_success, options, wrong};

fn status(code: u16) -> String {
    format!("HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n\r\n")
}

fn expecting(statuses: &str) -> Options {
    Options {
        statuses: statuses.parse().unwrap(),
        ..options()
    }
}

fn containing(text: &str) -> Options {
    Options {
        contains: Some(text.to_owned()),
        ..options()
    }
}

#[test]
fn statuses_from_200_to_399_are_well_unless_others_are_asked_for() {
    for code in [200, 204, 302, 399] {
        assert!(is_success(&answered(status(code), options())), "{code}");
    }
    for code in [400, 401, 404, 500, 503] {
        let what = wrong(answered(status(code), options()));
        assert_eq!(what, format!("status {code}, expected 200-399"));
    }
}

#[test]
fn the_expected_statuses_are_a_set() {
    for (code, well) in [
        (200, true),
        (204, true),
        (205, false),
        (401, true),
        (302, false),
    ] {
        let outcome = answered(status(code), expecting("200-204,401"));
        assert_eq!(is_success(&outcome), well, "{code}: {outcome:?}");
    }
}

#[test]
fn sets_of_statuses_are_read_and_written() {
    for text in ["200", "200-299", "200-204,401,500-599", "100-599"] {
        assert_eq!(text.parse::<Statuses>().unwrap().to_string(), text);
    }
    for text in [
        "",
        ",",
        "99",
        "600",
        "20x",
        "299-200",
        "200-",
        "-",
        "2xx",
        "+200",
        "200-299-300",
    ] {
        let error = text.parse::<Statuses>().unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_text_in_the_body_is_found_however_it_comes() {
    let plain = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall well\n";
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nall w\r\n3\r\nell\r\n0\r\n\r\n";
    let to_the_end = "HTTP/1.0 200 OK\r\n\r\nall well";
    for answer in [plain, chunked, to_the_end] {
        assert!(
            is_success(&answered(answer, containing("all well"))),
            "{answer}"
        );
        assert_eq!(
            wrong(answered(answer, containing("All well"))),
            "status 200, but the body does not contain \"All well\""
        );
    }
}

#[test]
fn a_bad_status_is_told_whatever_the_body_says() {
    let answer = "HTTP/1.1 503 No\r\nContent-Length: 8\r\n\r\nall well";
    assert_eq!(
        wrong(answered(answer, containing("all well"))),
        "status 503, expected 200-399"
    );
}

#[test]
fn a_body_is_looked_at_up_to_a_bound() {
    let with = |filler: usize| {
        let body = format!("{}text", "x".repeat(filler));
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    assert!(is_success(&answered(with(BODY - 4), containing("text"))));
    assert!(!is_success(&answered(with(BODY - 3), containing("text"))));
    assert!(!is_success(&answered(with(100 * BODY), containing("text"))));
}

#[test]
fn an_answer_without_a_text_to_find_is_judged_by_its_head_alone() {
    // The body is promised and never comes.
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    assert!(is_success(&answered(answer, options())));
    assert!(
        !is_success(&answered(answer, containing("text"))),
        "cut off"
    );
}
