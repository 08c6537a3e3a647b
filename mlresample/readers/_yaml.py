"""YAML files, with their scalars as they are written; needs PyYAML."""

from typing import Any

from mlresample.readers._lines import FilePath, misread, short_repr, text_lines

try:
    import yaml
except ModuleNotFoundError as error:
    raise ImportError(
        'reading YAML needs PyYAML, which is not installed: pip install "mlresample[yaml]"'
    ) from error


class _AsWritten(yaml.BaseLoader):
    """Make strings, lists and dicts alone: a class called ``no`` is not False."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            keys = [self.construct_object(key) for key, _ in node.value]
            twice = next(i for i, key in enumerate(keys) if key in keys[:i])
            problem = f"the key {short_repr(keys[twice])} occurs twice"
            raise yaml.constructor.ConstructorError(
                problem=problem, problem_mark=node.value[twice][0].start_mark
            )
        return mapping


def read_yaml(path: FilePath) -> Any:
    """Return the content of a YAML file as strings, lists and dicts."""
    text = "".join(text_lines(path))
    try:
        return yaml.load(text, _AsWritten)
    except yaml.MarkedYAMLError as error:
        problem, line = error.problem, error.problem_mark.line + 1
    except yaml.reader.ReaderError as error:
        problem, line = error.reason, text.count("\n", 0, error.position) + 1
    except RecursionError:
        raise misread(path, "the YAML is nested too deeply.") from None
    raise misread(path, f"the file is not YAML: {problem}.", line=line)
