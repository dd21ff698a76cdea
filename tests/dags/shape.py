"""The shape of a DAG as data: groups with their tasks, and edges with their labels."""

from typing import Any

from airflow.sdk import DAG


def shape_of(dag: DAG) -> dict[str, Any]:
    groups = {
        group.group_display_name: sorted(group.children)
        for group in dag.task_group.get_task_group_dict().values()
        if group.group_id is not None  # the DAG's own group has no name
    }
    edges = [
        {"from": task.task_id, "to": below, "label": dag.get_edge_info(task.task_id, below).get("label")}
        for task in sorted(dag.tasks, key=lambda task: task.task_id)
        for below in sorted(task.downstream_task_ids)
    ]
    return {"groups": groups, "edges": edges}
