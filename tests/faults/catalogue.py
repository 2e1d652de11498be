"""The catalogue of 50 faults: each with the tests that provoke it, or why there is none.

Numbers are those of the catalogue that the project began with. `slow` faults have a test in
`make campaign` only; all others have one in `make test`.
"""

from typing import NamedTuple

RECOVERY, FENCE = "tests/workflow/test_recovery.py", "tests/workflow/test_fence.py"
NTH, DISK = "tests/faults/test_nth_call.py", "tests/faults/test_disk.py"
FILES, MACHINE = "tests/faults/test_files.py", "tests/faults/test_machine.py"
RUN, BAD = "tests/workflow/test_run.py", "tests/workflow/test_bad_input.py"
DOWNLOAD, FETCHING = "tests/datasets/test_download.py", "tests/datasets/test_fetching.py"
CHECK, TAMPER = "tests/audit/test_check.py", "tests/audit/test_tamper_matrix.py"
LOCK, ATTEMPTS = "tests/core/test_lock.py", "tests/core/test_lock_layers.py"
READERS, SECRETS = "tests/hostile/test_readers.py", "tests/hostile/test_secrets.py"
SHOWN, FUZZ = "tests/hostile/test_shown.py", "tests/hostile/test_fuzz.py"


class Fault(NamedTuple):
    """One fault.

    Attributes:
        number: in the catalogue.
        name: what happens.
        tests: `file::function` of each test that provokes it.
        why_not: where there is no test, or not of all of it: why.
    """

    number: int
    name: str
    tests: tuple[str, ...] = ()
    why_not: str = ""


CATALOGUE = (
    Fault(1, "kill -9 of the controller in the middle of a write", (
        f"{RECOVERY}::test_a_killed_run_ends_bit_identical_by_the_same_command",
        f"{RECOVERY}::test_the_campaign_of_random_kills_ends_bit_identical",
        f"{FENCE}::test_orphans_that_outlive_the_next_run_write_nothing",
    )),
    Fault(2, "kill -9 of a job alone", (
        f"{RECOVERY}::test_a_killed_run_ends_bit_identical_by_the_same_command",
        f"{BAD}::test_a_job_killed_by_the_kernel_says_so",
    )),
    Fault(3, "power loss: what was not synced is gone", (
        f"{FILES}::test_3_files_that_a_power_cut_emptied_are_made_anew",
        f"{FILES}::test_3_an_emptied_record_is_refused_and_its_advice_helps",
        f"{ATTEMPTS}::test_files_and_their_folders_are_synced_and_nothing_stays_open",
    )),
    Fault(4, "the n-th call to the disk fails", (
        f"{NTH}::test_a_stage_commits_all_or_nothing_whichever_call_fails",
        f"{NTH}::test_a_download_keeps_the_right_bytes_or_none_whichever_call_fails",
    )),
    Fault(5, "the disk is full under an output", (
        f"{DISK}::test_5_a_disk_that_fills_up_under_results_is_named_and_goes_on_once_there_is_room",
        f"{DISK}::test_5_a_full_disk_under_the_logs_is_not_taken_for_lack_of_memory",
        f"{BAD}::test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written",
    )),
    Fault(6, "the disk is full under .snakemake", (
        f"{DISK}::test_6_a_full_disk_under_snakemakes_notes_is_a_sentence",
    )),
    Fault(7, "the file system is read-only", (
        f"{DISK}::test_7_a_read_only_checkout_is_refused_and_still_audited",
        f"{DISK}::test_7_read_only_results_are_named",
    )),
    Fault(8, "inodes are exhausted", (
        f"{DISK}::test_8_a_disk_without_inodes_is_named_before_anything_runs",
        f"{DISK}::test_8_a_disk_that_runs_out_of_inodes_under_results_is_named",
    ), why_not="a quota (EDQUOT) is said in the same words, see tests/core/test_disk.py"),
    Fault(9, "a download is cut", (
        f"{DOWNLOAD}::test_a_broken_download_goes_on_where_it_broke",
    )),
    Fault(10, "a download has other bytes of the right number", (
        f"{DOWNLOAD}::test_other_bytes_than_pinned_are_an_error_even_where_the_data_set_is_optional",
        f"{DOWNLOAD}::test_the_next_mirror_is_asked_when_one_sends_a_page_or_other_bytes",
    )),
    Fault(11, "a mirror sends a web page with status 200", (
        f"{DOWNLOAD}::test_the_next_mirror_is_asked_when_one_sends_a_page_or_other_bytes",
    )),
    Fault(12, "a mirror refuses: 401, 403", (
        f"{DOWNLOAD}::test_what_is_not_the_file_is_refused_with_a_sentence",
        f"{SECRETS}::test_a_sentence_shows_urls_without_what_may_be_secret",
    )),
    Fault(13, "a body that crawls or never ends", (
        f"{DOWNLOAD}::test_a_crawling_server_is_given_up",
        f"{DOWNLOAD}::test_what_is_not_the_file_is_refused_with_a_sentence",
    )),
    Fault(14, "a redirect to another kind of place", (
        f"{DOWNLOAD}::test_what_is_not_the_file_is_refused_with_a_sentence",
    )),
    Fault(15, "a wrong checksum in our own table", (
        f"{DOWNLOAD}::test_other_bytes_than_pinned_are_an_error_even_where_the_data_set_is_optional",
        f"{FETCHING}::test_a_wrong_pin_of_the_content_is_found_although_the_transport_is_right",
    )),
    Fault(16, "two runs in one folder", (
        f"{RECOVERY}::test_a_second_run_names_the_owner_and_exits_75",
    )),
    Fault(17, "a lock left by a crash, or by another host", (
        f"{FENCE}::test_a_faked_owner_is_cleared_only_where_it_is_provably_dead",
        f"{LOCK}::test_an_owner_on_another_host_is_explained_and_never_cleared",
    )),
    Fault(18, "a clock that is off, a time in the future", (
        f"{FILES}::test_18_an_input_from_the_future_is_said_and_changes_nothing",
    )),
    Fault(19, "all times in another order", (
        f"{FILES}::test_19_times_in_any_order_rerun_nothing",
    )),
    Fault(20, "an output edited after the run", (
        f"{FILES}::test_20_an_output_edited_after_the_run_fails_the_audit_and_names_it",
        f"{TAMPER}::test_every_file_of_a_run_with_a_fault_is_found",
    )),
    Fault(21, "an intermediate edited, its reader run again", (
        f"{FILES}::test_21_an_intermediate_edited_before_its_reader_runs_is_refused",
    )),
    Fault(22, "manifest, record or Snakemake's notes edited or deleted", (
        f"{FILES}::test_22_a_changed_setting_is_seen_without_snakemakes_notes",
        f"{FILES}::test_22_unchanged_results_without_snakemakes_notes_are_kept",
        f"{CHECK}::test_a_missing_record_is_named_once",
        f"{TAMPER}::test_every_file_of_a_bundle_with_a_fault_is_found",
    )),
    Fault(23, "a consistent forgery", (
        f"{TAMPER}::test_a_consistent_forgery_of_any_file_is_found_by_the_root_hash_alone",
        "tests/audit/test_bundle.py::test_a_forgery_is_caught_by_the_signature",
    )),
    Fault(24, "an older valid bundle again", (
        f"{TAMPER}::test_an_older_valid_bundle_as_a_whole_is_found_by_the_root_hash",
    )),
    Fault(25, "a bit rots", (f"{FILES}::test_25_no_flipped_bit_is_ever_read",)),
    Fault(26, "pickles that run code", (
        f"{READERS}::test_no_code_runs_and_nothing_is_written_or_reached",
        "tests/audit/test_no_code_runs.py",
    )),
    Fault(27, "archives that escape, link or burst", (
        f"{READERS}::test_what_is_hostile_is_refused",
        "tests/datasets/test_archives.py::test_a_bomb_is_refused_before_it_unpacks",
    )),
    Fault(28, "malformed .mat", (
        f"{FUZZ}::test_a_mutant_of_a_foreign_file_ends_in_its_child",
        "tests/core/test_foreign.py::test_a_parser_that_crashes_does_not_take_its_caller_along",
    )),
    Fault(29, "malformed .edf and .bdf", (
        f"{FUZZ}::test_a_mutant_of_a_foreign_file_ends_in_its_child",
    )),
    Fault(30, "malformed .h5, .npz, event files", (
        f"{FUZZ}::test_a_mutant_is_refused_or_stands_for_itself",
        f"{FUZZ}::test_a_mutant_of_a_foreign_file_ends_in_its_child",
    )),
    Fault(31, "labels shifted, a subject missing", (
        "tests/workflow/test_data_dvc.py::test_making_a_data_set_anew_gives_the_hash_in_data_dvc",
        "tests/datasets/test_digits.py::test_a_missing_file_is_named_with_what_is_there",
    )),
    Fault(32, "a loss that is no number", (
        f"{MACHINE}::test_32_a_number_that_is_none_is_never_written",
        "tests/training/test_runs.py::test_a_loss_that_is_no_number_ends_with_what_to_do",
    )),
    Fault(33, "a network that is silent, or fires in every step", (
        "tests/training/test_runs.py"
        "::test_a_network_that_is_silent_is_warned_of_with_the_name_of_its_layer",
    ), why_not="the log warns and metrics.json has the rate; the run does not end"),
    Fault(34, "out of memory", (
        f"{MACHINE}::test_34_a_job_that_runs_out_of_memory_says_so",
        f"{MACHINE}::test_34_an_array_that_does_not_fit_says_so_too",
    )),
    Fault(35, "no GPU, or a backend that is broken", (
        f"{MACHINE}::test_35_a_machine_without_a_gpu_gives_the_same_content",
        "tests/kernels/test_lif.py"
        "::test_a_backend_whose_package_is_absent_is_an_error_and_no_other_backend",
        "tests/kernels/test_bench.py::test_a_broken_kernel_is_an_error_that_says_where",
        "tests/kernels/test_bench.py::test_a_gpu_that_torch_does_not_see_is_not_passed_over",
    )),
    Fault(36, "a checkpoint of a GPU on a CPU", (
        "tests/core/test_foreign.py::test_a_state_dict_flat_or_nested_becomes_arrays",
    ), why_not="our own models are safetensors, which know no device"),
    Fault(37, "a node is lost, a job preempted or started twice", (
        f"{LOCK}::test_of_two_attempts_at_one_job_the_newer_wins",
        "tests/workflow/test_slurm_events.py::test_a_run_completes_as_if_nothing_had_been",
    )),
    Fault(38, "Slurm's accounts are down", (
        "tests/workflow/test_slurm.py"
        "::test_a_study_of_smoke_comes_out_of_slurm_as_it_does_here",
    )),
    Fault(39, "typing errors in a configuration", (
        f"{BAD}::test_a_wrong_word_ends_before_any_job_with_exit_code_2",
        "tests/core/test_config.py"
        "::test_a_wrong_study_is_refused_in_one_sentence_with_its_place",
    )),
    Fault(40, "spaces, umlauts, long paths, a leading dash", (
        f"{MACHINE}::test_40_a_folder_may_have_any_name",
        f"{MACHINE}::test_40_a_folder_with_braces_is_refused_with_a_sentence",
        f"{MACHINE}::test_40_a_folder_may_be_deep",
    )),
    Fault(41, "umask, another user", (
        f"{MACHINE}::test_41_the_umask_is_followed_and_changes_no_content",
        f"{TAMPER}::test_a_bundle_may_be_read_by_another_user_from_another_place",
    )),
    Fault(42, "another locale, time zone, hash seed, order of files", (
        "tests/audit/test_variations.py::test_the_ten_are_ten_and_each_shows_its_own_change",
        "tests/audit/test_determinism.py"
        "::test_a_stage_that_leaks_is_caught_with_the_files_it_leaked_into",
    )),
    Fault(43, "another number of threads, another CPU", (
        "tests/audit/test_determinism.py::test_two_threads_must_change_a_trained_model",
        "tests/core/test_job_frame.py::test_a_stage_that_begins_with_more_threads_does_no_work",
    )),
    Fault(44, "a package of the environment was swapped", (
        "tests/audit/test_explain.py"
        "::test_packages_and_the_fields_of_the_numerics_class_are_named_and_run_nothing",
        "tests/cli/test_doctor.py::test_a_broken_package_and_broken_locks_are_a_failure",
    ), why_not="a run does not compare what is installed with the lock; explain and doctor do"),
    Fault(45, "an imported module changed", (
        f"{RUN}::test_a_comment_in_a_stage_reruns_nothing_and_a_changed_line_its_users",
        "tests/core/test_fingerprint.py"
        "::test_a_change_in_an_imported_module_counts_and_in_another_does_not",
    )),
    Fault(46, "files that are not committed", (
        f"{FILES}::test_46_files_that_are_not_committed_are_said_beside_the_commit",
        "tests/core/test_history.py::test_a_working_copy_that_differs_is_not_committed",
    )),
    Fault(47, "secrets in logs and records", (
        f"{SECRETS}::test_no_file_of_a_run_holds_a_secret_of_its_environment",
    )),
    Fault(48, "text that is shown and is code", (
        "tests/report/test_page.py::test_hostile_text_adds_no_element_and_no_attribute",
        f"{SHOWN}::test_a_log_line_writes_out_what_would_move_the_cursor",
        f"{SHOWN}::test_no_cell_of_the_table_is_a_formula",
    )),
    Fault(49, "a manifest that is huge, JSON that is deep", (
        f"{FILES}::test_49_a_record_that_is_deep_or_huge_is_refused_with_a_sentence",
        f"{FILES}::test_49_a_deep_manifest_fails_the_audit_and_no_more",
        f"{FILES}::test_49_a_list_of_files_without_end_is_refused_with_a_sentence",
        f"{CHECK}::test_a_manifest_too_large_to_be_one_is_not_read",
    )),
    Fault(50, "an audit that is interrupted, or of what is still written", (
        f"{FILES}::test_50_an_audit_of_a_run_that_is_not_finished_is_no_pass",
        "tests/audit/test_bundle.py::test_interrupted_bundling_leaves_nothing",
        f"{CHECK}"
        "::test_a_file_that_goes_away_while_it_is_looked_at_is_a_refusal_and_no_traceback",
    )),
)  # fmt: skip
