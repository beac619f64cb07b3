"""The job `catalogue` as its users call it."""

from linkage.outputs.catalogue import catalogue


def test_the_page_is_written_and_replaced(desk):
    for _ in range(2):
        answer = desk.catalogue()
        assert answer.code == 0, answer.err
        assert answer.out.splitlines()[-1] == f"catalogue.html is in {desk.output}"
        assert (desk.output / "catalogue.html").read_text(encoding="utf-8") == catalogue()
        assert desk.document("run.json")["job"] == "catalogue"


def test_a_folder_of_another_is_refused(desk):
    desk.output.mkdir()
    (desk.output / "notes.txt").write_text("mine")
    answer = desk.catalogue()
    assert (answer.code, answer.line) == (
        4,
        f"catalogue: {desk.output}: exists and holds no run.json of an earlier catalogue; name a new folder",
    )
    assert (desk.output / "notes.txt").read_text() == "mine"
