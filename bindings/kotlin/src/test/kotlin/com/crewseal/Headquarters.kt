package com.crewseal

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.TimeUnit

/** A real HQ in a process of its own, with one job, dispatched as a person would. */
class Headquarters(private val directory: Path) : AutoCloseable {
    private val server: Process
    private val url: String
    val job: JobId

    /** The texts of the labels that HQ minted: the boxes of the job first, then blank ones. */
    val labels: List<String>
    private var invitations = 0

    init {
        val serve = listOf(BINARY, "serve", "--data", "hq", "--listen", "127.0.0.1:0")
        server = ProcessBuilder(serve)
            .directory(directory.toFile())
            .redirectError(directory.resolve("hq.log").toFile())
            .start()
        url = requireNotNull(server.inputReader().readLine()) { "HQ did not start: ${log()}" }
        run("labels", "--data", "hq", "--count", "${BOXES + BLANK}", "--out", "labels.txt")
        labels = Files.readAllLines(directory.resolve("labels.txt"))
        job = openJob(labels.take(BOXES), 86400)
    }

    /** Opens a job with these boxes that ends in so many seconds. */
    fun openJob(labelled: List<String>, seconds: Long): JobId {
        val boxes = labelled.joinToString { "\"$it\"" }
        val now = Instant.now()
        val plan = """
            {"title": "Household move 1", "customer": "Customer 1", "origin": "5 Example Street",
             "destination": "12 Sample Road", "boxes": ${BOXES + BLANK}, "labelled": [$boxes],
             "opens_at": "${now.minusSeconds(3600)}", "closes_at": "${now.plusSeconds(seconds)}"}
        """
        Files.writeString(directory.resolve("plan.json"), plan)
        return run("job", "--data", "hq", "--plan", "plan.json")
    }

    /** What HQ says of itself and of whom it knows. */
    fun status(): String = run("status", "--data", "hq")

    /** What a new phone enrols with. */
    fun invitation(role: String, pseudonym: String, at: String = url, of: JobId = job): ByteArray {
        val file = "${invitations++}.invitation"
        val who = arrayOf("--role", role, "--pseudonym", pseudonym, "--job", of)
        run("invite", "--data", "hq", *who, "--url", at, "--out", file)
        return Files.readAllBytes(directory.resolve(file))
    }

    /** The release codes of the customer, for pickup and for delivery. */
    fun codes(): List<String> =
        run("codes", "--data", "hq", "--job", job).lines().map { it.split("  ").last().trim() }

    /** Exports the record and lets HQ's binary verify it: the exit status and what it says. */
    fun verdict(): Pair<Int, String> {
        run("export", "--data", "hq", "--job", job, "--out", "custody.crewseal")
        return call(directory, "verify", "custody.crewseal")
    }

    override fun close() {
        server.destroy()
        if (!server.waitFor(10, TimeUnit.SECONDS)) server.destroyForcibly()
    }

    private fun run(vararg arguments: String): String {
        val (status, said) = call(directory, *arguments)
        check(status == 0) { "crewseal-hq ${arguments.first()} answers $status: ${log()}" }
        return said
    }

    private fun log(): String = Files.readString(directory.resolve("hq.log"))

    companion object {
        /** Boxes that were labelled before the crew came. */
        const val BOXES = 4

        /** Labels of the roll that are on no box yet. */
        const val BLANK = 4

        /** Runs a command of HQ's: its exit status, and what it says. */
        fun call(directory: Path, vararg arguments: String): Pair<Int, String> {
            val log = directory.resolve("hq.log").toFile()
            val process = ProcessBuilder(listOf(BINARY) + arguments)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log))
                .start()
            val said = process.inputReader().readText().trim()
            return process.waitFor() to said
        }

        private val BINARY: String = File(
            requireNotNull(System.getProperty("crewseal.hq")) {
                "build HQ first: cargo build -p crewseal-ffi -p crewseal-hq"
            }
        ).absolutePath
    }
}
