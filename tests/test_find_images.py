"""Image files by their ids: in folders, with and without suffixes, or not at all."""

import os
from pathlib import Path

import pytest

from mlresample.readers import find_images


@pytest.fixture
def folder(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make


def found(ids, folder):
    return [Path(path).relative_to(folder).as_posix() for path in find_images(ids, folder)]


def test_ids_are_paths_with_or_without_suffix_in_the_folder_or_any_below(folder):
    images = folder("b.jpg", "c/d.PNG", "c/d.txt", "e/f/g.v2.webp", ".hidden/b.png")
    ids = ["c/d", "b.jpg", "g.v2", "f/g.v2.webp"]
    assert found(ids[:3], images) == ["c/d.PNG", "b.jpg", "e/f/g.v2.webp"]
    assert found(ids[3:], images) == ["e/f/g.v2.webp"]
    assert found(["b", "b"], images) == ["b.jpg", "b.jpg"]
    assert found([], images) == []


def test_paths_begin_with_the_folder_as_it_was_given(folder, monkeypatch):
    monkeypatch.chdir(folder("images/a.jpg", "images/x/b.jpg"))
    expected = [os.path.join("images", "a.jpg"), os.path.join("images", "x/b.jpg")]
    assert find_images(["a", "b.jpg"], "images").tolist() == expected
    absolute = os.path.abspath("images/a.jpg")
    assert find_images([absolute], Path("images")).tolist() == [absolute]


def test_a_path_in_the_folder_comes_before_one_below_and_a_suffix_before_none(folder):
    assert found(["a"], folder("a.jpg", "x/a.png")) == ["a.jpg"]
    assert found(["b.jpg"], folder("b.jpg", "b.jpg.png", "x/b.jpg")) == ["b.jpg"]
    assert found(["c.jpg"], folder("y/c.jpg", "y/c.jpg.png")) == ["y/c.jpg"]


def test_an_id_of_several_images_is_an_error(folder):
    with pytest.raises(ValueError, match=r"id 'a' is .*a\.jpg or .*a\.png: ids need their suff"):
        find_images(["a"], folder("a.jpg", "a.png"))
    assert found(["a.png", "a.jpg"], folder()) == ["a.png", "a.jpg"]
    with pytest.raises(ValueError, match=r"id 'c\.jpg' is .*x.c\.jpg or .*y.c\.jpg: "):
        find_images(["c.jpg"], folder("x/c.jpg", "y/c.jpg"))
    assert found(["y/c", "x/c"], folder()) == ["y/c.jpg", "x/c.jpg"]


def test_two_ids_of_one_image_are_an_error(folder):
    images = folder("b.jpg", "x/c.jpg")
    for ids in (["b", "b.jpg"], ["c", "x/c"], ["b.jpg", "./b.jpg"]):
        with pytest.raises(ValueError, match="are the same image, "):
            find_images(ids, images)


def test_ids_without_an_image_are_counted_and_named(folder):
    images = folder("a.jpg", "d.txt")
    with pytest.raises(ValueError, match=r"has no image for 2 of 3 ids: d, a\.png\.$"):
        find_images(["a", "d", "a.png"], images)
    with pytest.raises(ValueError, match=r"5 of 5 ids: v, w, x, \.\.\.$"):
        find_images(list("vwxyz"), images)
    with pytest.raises(ValueError, match=r"ids must be strings, got 7\."):
        find_images([7], images)
    with pytest.raises(FileNotFoundError, match="nix"):
        find_images([], images / "nix")
    with pytest.raises(NotADirectoryError, match=r"a\.jpg"):
        find_images([], images / "a.jpg")


def test_a_search_takes_as_long_as_there_are_files_however_alike_their_names(folder, monkeypatch):
    names = [f"x/{i}/image.jpg" for i in range(3000)]
    monkeypatch.setattr("mlresample.readers._images.files_below", lambda _: names)
    paths = find_images([f"{i}/image" for i in range(3000)], folder())  # 0.1 s, not minutes
    assert paths[2999].endswith("x/2999/image.jpg")
