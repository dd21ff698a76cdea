"""The shape of a DAG as data: groups with their tasks, and edges with their labels."""

from airflow.sdk import DAG


def groups_of(dag: DAG) -> dict[str, list[str]]:
    """Return the tasks of each group by the title that people read."""
    groups = dag.task_group.get_task_group_dict().items()
    return {group.group_display_name: sorted(group.children) for name, group in groups if name}


def edges_of(dag: DAG) -> dict[tuple[str, str], str]:
    """Return the label of each edge, empty where it has none."""
    return {
        (task.task_id, below): dag.get_edge_info(task.task_id, below).get("label") or ""
        for task in dag.tasks
        for below in task.downstream_task_ids
    }
