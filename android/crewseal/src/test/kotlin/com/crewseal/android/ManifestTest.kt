package com.crewseal.android

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element

/** What the library's manifest and its rules say, as an app that uses it gets them. */
class ManifestTest {
    private fun parsed(path: String): Element {
        val parser = DocumentBuilderFactory.newInstance().newDocumentBuilder()
        return parser.parse(File("src/main/$path")).documentElement
    }

    private fun Element.all(tag: String): List<Element> =
        getElementsByTagName(tag).let { found -> List(found.length) { found.item(it) as Element } }

    @Test
    fun `nothing runs before the first unlock, and nothing of ours is open to other apps`() {
        val manifest = parsed("AndroidManifest.xml")
        val kinds = listOf("application", "activity", "service", "receiver", "provider")
        val components = kinds.flatMap { manifest.all(it) }
        for (component in components) {
            val name = component.getAttribute("android:name")
            assertEquals("", component.getAttribute("android:directBootAware"), name)
            assertEquals("", component.getAttribute("android:defaultToDeviceProtectedStorage"), name)
        }
        for (component in components.filter { it.tagName != "application" }) {
            assertEquals("false", component.getAttribute("android:exported"))
        }
        val service = manifest.all("service").single()
        assertEquals("android.permission.BIND_JOB_SERVICE", service.getAttribute("android:permission"))
    }

    @Test
    fun `no backup takes anything along`() {
        val application = parsed("AndroidManifest.xml").all("application").single()
        assertEquals("false", application.getAttribute("android:allowBackup"))
        assertEquals("@xml/crewseal_data_extraction", application.getAttribute("android:dataExtractionRules"))
        assertEquals("@xml/crewseal_full_backup", application.getAttribute("android:fullBackupContent"))
        val rules = parsed("res/xml/crewseal_data_extraction.xml")
        val ways = listOf(rules.all("cloud-backup").single(), rules.all("device-transfer").single()) +
            parsed("res/xml/crewseal_full_backup.xml")
        for (way in ways) {
            assertTrue(way.all("include").isEmpty())
            assertTrue(way.all("exclude").all { it.getAttribute("path") == "." })
            assertEquals(DOMAINS, way.all("exclude").map { it.getAttribute("domain") }.toSet(), way.tagName)
        }
    }

    @Test
    fun `nothing goes in clear`() {
        val application = parsed("AndroidManifest.xml").all("application").single()
        val named = application.getAttribute("android:networkSecurityConfig")
        assertEquals("@xml/crewseal_network_security", named)
        val rules = parsed("res/xml/crewseal_network_security.xml")
        assertEquals("false", rules.all("base-config").single().getAttribute("cleartextTrafficPermitted"))
        assertTrue(rules.all("domain-config").isEmpty() && rules.all("debug-overrides").isEmpty())
        assertTrue(rules.all("certificates").all { it.getAttribute("src") == "system" })
    }

    private companion object {
        val DOMAINS = setOf(
            "root",
            "file",
            "database",
            "sharedpref",
            "external",
            "device_root",
            "device_file",
            "device_database",
            "device_sharedpref"
        )
    }
}
