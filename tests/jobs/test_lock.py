"""One run at a time for a lake, whatever folder of runs it has."""

import pytest

from jobs.harness import lock
from linkage.errors import RefusedError
from linkage.lake import Zone

URL = "s3a://bucket/lake"


def _refused(lake, runs):
    with pytest.raises(RefusedError, match="another run is at work"), lock.alone(lake, runs):
        pass
    return True


def test_one_lake_with_two_folders_of_runs(tmp_path):
    lake = str(tmp_path / "lake")
    with lock.alone(lake, tmp_path / "a"):
        assert _refused(lake, tmp_path / "b")
        assert _refused(f"file://{lake}/", tmp_path / "c")
        with lock.alone(str(tmp_path / "other"), tmp_path / "a"):
            pass
    with lock.alone(lake, tmp_path / "b"):
        pass


def test_zones_with_roots_of_their_own_share_that_of_the_linkage(tmp_path):
    one = {Zone.LINKAGE: str(tmp_path / "linkage"), Zone.IDENTIFIERS: URL}
    other = {Zone.LINKAGE: str(tmp_path / "linkage"), Zone.IDENTIFIERS: str(tmp_path / "names")}
    with lock.alone(one, tmp_path / "a"):
        assert _refused(other, tmp_path / "b")


@pytest.mark.parametrize("lake", [URL, {Zone.LINKAGE: URL}, {Zone.LANDING: "here"}])
def test_where_no_lock_can_lie_with_the_tables_runs_share_a_folder(tmp_path, lake):
    with lock.alone(lake, tmp_path / "a"):
        assert _refused(lake, tmp_path / "a")
        with lock.alone(lake, tmp_path / "b"):
            pass
