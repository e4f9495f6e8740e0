//! What the page is made of. That it works is seen in a browser.

use status_page::PAGE;

#[test]
fn the_page_asks_nobody_for_anything_but_the_daemon_for_its_status() {
    let namespace = "http://www.w3.org/2000/svg";
    let rest = PAGE.replace(namespace, "");
    for foreign in [
        "http:", "https:", "//cdn", "src=", "@import", "url(", "<link",
    ] {
        assert!(!rest.contains(foreign), "{foreign}");
    }
    assert_eq!(PAGE.matches("fetch(").count(), 1);
    assert!(PAGE.contains("fetch(\"status.json\""));
}

#[test]
fn what_a_name_holds_never_becomes_part_of_the_document() {
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "setTimeout(\"",
    ] {
        assert!(!PAGE.contains(way), "{way}");
    }
}

#[test]
fn the_page_fits_a_phone() {
    assert!(PAGE.contains("width=device-width"));
    // One column where there is no room for more.
    assert!(PAGE.contains("minmax(min(20rem, 100%), 1fr)"));
}
