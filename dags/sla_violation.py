"""One incident, from the customer's list of problem parameters to the customer's report and rebate.

A customer perceives that a service has degraded. Customer Service enters the report, compares it with the SLA,
determines counter-measures and their priorities, and hands over to Service Management, which analyses the problem or
sends it on to Resource Provisioning. What they find decides: nothing to correct, a minor correction, or an automatic
restoration, for which Resource Provisioning waits up to two days. Then the customer gets a report, while Billing &
Collections adjusts the bill.

Start a run with the form, over REST or with `sla incident start FILE`. A notification with the same external reference
is processed once. Each task is one transaction on the incident's case file: it may be retried, cleared or killed at any
time.
"""

from airflow.sdk import DAG, Label, get_parsing_context

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from sla_airflow.notification_form import form
from sla_airflow.operators import JOIN, RESOURCES, TRY_FOR_AN_HOUR, Activity, Decision, Intake, department
from sla_airflow.premium import Link
from sla_airflow.restoration import RestorationSensor

with DAG(
    "sla_violation",
    description="Handle one reported degradation of a service, down to the customer's report and rebate.",
    doc_md=__doc__,
    tags=["incident", "sla"],
    schedule=None,
    catchup=False,
    max_active_runs=10_000,  # incidents that wait for days must not block the next one
    default_args=TRY_FOR_AN_HOUR,
) as dag:
    with department("Customer Service: intake", does="Compares the report with the SLA and plans counter-measures"):
        enter = Intake(step=customer_service.enter_problem_report)
        compare = Activity(step=customer_service.compare_with_sla)
        plan = Activity(step=customer_service.determine_counter_measures)
        significance = Activity(step=customer_service.determine_customer_significance)
        is_premium = Decision(step=customer_service.is_customer_premium)
        link = Link(step=customer_service.link_to_extra_problem_fix, to="premium_problem_fix")
        changes_priorities = Decision(step=customer_service.does_significance_change_priorities, trigger_rule=JOIN)
        reprioritize = Activity(step=customer_service.reprioritize_counter_measures)
        detail = Activity(step=customer_service.create_detailed_problem_report, trigger_rule=JOIN)

        enter >> compare >> plan >> significance >> is_premium
        is_premium >> Label("premium") >> link >> changes_priorities
        is_premium >> Label("not premium") >> changes_priorities
        changes_priorities >> Label("yes") >> reprioritize >> detail
        changes_priorities >> Label("no") >> detail

    with department("Service Management: analysis", does="Analyses the problem, or sends it on"):
        is_analyzable = Decision(step=service_management.is_problem_analyzable)
        analyze = Activity(step=service_management.analyze_problem)
        report_trouble = Activity(step=service_management.create_trouble_report)
        send_on = Activity(step=service_management.send_to_resource_provisioning)

        is_analyzable >> Label("analyzable here") >> analyze >> report_trouble
        is_analyzable >> Label("may lie in the resources") >> send_on

    with department("Resource Provisioning: check", does="Looks for problems in the resources"):
        is_detected = Decision(step=resource_provisioning.is_problem_detected)
        analyze_resource = Activity(step=resource_provisioning.analyze_resource_problem)
        report_resource_trouble = Activity(step=resource_provisioning.create_resource_trouble_report)
        notify_normal = Activity(step=resource_provisioning.notify_normal_execution)
        send_status = Activity(step=resource_provisioning.send_status_report, trigger_rule=JOIN)

        is_detected >> Label("problem detected") >> analyze_resource >> report_resource_trouble >> send_status
        is_detected >> Label("no problem") >> notify_normal >> send_status

    with department("Service Management: counter-measures", does="Decides what is done, and does it or has it done"):
        final_status = Activity(step=service_management.prepare_final_status_report, trigger_rule=JOIN)
        choose = Decision(step=service_management.choose_counter_measures)
        send_performance = Activity(step=service_management.send_actual_service_performance)
        correct = Activity(step=service_management.undertake_minor_corrections, pool=RESOURCES)
        request = Activity(step=service_management.request_automatic_restoration)
        send_resolution = Activity(step=service_management.send_problem_resolution_report, trigger_rule=JOIN)

        final_status >> choose
        choose >> Label("no problem detected") >> send_performance
        choose >> Label("minor corrective actions") >> correct >> send_resolution
        choose >> Label("automatic restoration") >> request

    with department("Resource Provisioning: restoration", does="Waits for the request, at most 2 days, and restores"):
        await_request = RestorationSensor(
            task_id="await_restoration_request", goes_on=resource_provisioning.go_on_after_the_wait
        )
        track = Activity(step=resource_provisioning.track_errors)
        restore = Activity(step=resource_provisioning.undertake_restoration, pool=RESOURCES)
        send_troubleshooting = Activity(step=resource_provisioning.send_troubleshooting_report)
        terminate = Activity(step=resource_provisioning.terminate_restoration)

        await_request >> Label("request in time") >> track >> restore >> send_troubleshooting
        await_request >> Label("too late or rejected") >> terminate

    with department("Customer Service: outcome", does="Writes the report to the customer and reports the rebate"):
        receive = Activity(step=customer_service.receive_outcome, trigger_rule=JOIN)
        write_report = Activity(step=customer_service.create_customer_report)
        report_rebate = Activity(step=customer_service.report_sla_rebate)

        receive >> [write_report, report_rebate]

    with department("Billing & Collections", does="Adjusts the customer's bill"):
        adjust = Activity(step=billing.adjust_billing, sends=True)

    with department("Customer Service: closing", does="Sends the report and closes the incident"):
        send_report = Activity(step=customer_service.send_customer_report, sends=True)
        close = Activity(step=customer_service.close_incident)

        send_report >> close

    # What one department sends to another. Labels between groups need `set_downstream`: `>>` would join the groups.
    detail.set_downstream(is_analyzable, Label("detailed problem report"))
    send_on.set_downstream(is_detected, Label("detailed problem report"))
    report_trouble.set_downstream(final_status, Label("trouble report"))
    send_status.set_downstream(final_status, Label("status report"))
    request.set_downstream(await_request, Label("restoration request"))
    send_troubleshooting.set_downstream(send_resolution, Label("troubleshooting report"))
    terminate.set_downstream(send_resolution, Label("not restored"))
    send_performance.set_downstream(receive, Label("service performance"))
    send_resolution.set_downstream(receive, Label("problem resolution report"))
    write_report.set_downstream(send_report, Label("customer report"))
    report_rebate.set_downstream(adjust, Label("rebate"))
    adjust.set_downstream(send_report, Label("billing adjustment"))

# Only those who start a run need the form; a task would check the conf against it again. It is set after the tasks were
# made, or each of them would get a copy.
if get_parsing_context().task_id is None:
    dag.params = form(ProblemNotification)  # type: ignore[assignment]  # the attribute converts it
