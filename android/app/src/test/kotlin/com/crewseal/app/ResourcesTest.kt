package com.crewseal.app

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element

/** The app's and the library's resources: both languages, and targets that a glove can hit. */
class ResourcesTest {
    private fun parsed(file: File): Element =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).documentElement

    private fun Element.tagged(tag: String): List<Element> =
        getElementsByTagName(tag).let { found -> List(found.length) { found.item(it) as Element } }

    private fun texts(directory: String): Map<String, String> = requireNotNull(File(directory).listFiles())
        .filter { it.name.endsWith(".xml") }
        .flatMap { parsed(it).tagged("string") }
        .associate { it.getAttribute("name") to it.textContent }

    private val placeholder = Regex("%\\d\\$[ds]")

    @Test
    fun `every text is there in both languages, with the same places to fill in`() {
        for (module in listOf("src/main/res", "../crewseal/src/main/res")) {
            val (english, chinese) = texts("$module/values") to texts("$module/values-zh")
            assertTrue(english.isNotEmpty())
            assertEquals(english.keys, chinese.keys, module)
            for ((name, text) in english) {
                val other = chinese.getValue(name)
                fun filledIn(of: String) = placeholder.findAll(of).map { it.value }.sorted().toList()
                assertEquals(filledIn(text), filledIn(other), name)
                val isTranslated = other.any { it.code >= 0x2E80 } || name in UNTRANSLATED
                assertTrue(isTranslated, "$name: $other")
            }
        }
    }

    @Test
    fun `what is touched is large`() {
        val layouts = requireNotNull(File("src/main/res/layout").listFiles()).map(::parsed)
        val buttons = layouts.flatMap { it.tagged("Button") }
        assertTrue(buttons.isNotEmpty())
        for (button in buttons) assertTrue(button.getAttribute("style").startsWith("@style/Touch"))
        val styles = parsed(File("src/main/res/values/styles.xml")).tagged("style")
        val touch = styles.single { it.getAttribute("name") == "Touch" }.tagged("item")
        val height = touch.single { it.getAttribute("name") == "android:minHeight" }.textContent
        assertTrue(height.removeSuffix("dp").toInt() >= 64)
        for (box in layouts.flatMap { it.tagged("CheckBox") }) {
            assertTrue(box.getAttribute("android:minHeight").removeSuffix("dp").toInt() >= 64)
        }
    }

    @Test
    fun `no layout says a text of its own`() {
        for (layout in requireNotNull(File("src/main/res/layout").listFiles()).map(::parsed)) {
            for (element in layout.tagged("*") + layout) {
                for (name in listOf("android:text", "android:contentDescription", "android:hint")) {
                    val said = element.getAttribute(name)
                    assertTrue(said.isEmpty() || said.startsWith("@string/"), said)
                }
            }
        }
    }

    @Test
    fun `every theme of the day has one for the night`() {
        fun styles(directory: String): Map<String, Element> {
            val file = parsed(File("src/main/res/$directory/styles.xml"))
            return file.tagged("style").associateBy { it.getAttribute("name") }
        }
        val (day, night) = styles("values").getValue("Crew") to styles("values-night").getValue("Crew")
        assertEquals("android:Theme.Material.Light", day.getAttribute("parent"))
        assertEquals("android:Theme.Material", night.getAttribute("parent"))
    }

    @Test
    fun `every class that a manifest or a layout names is there`() {
        val manifests =
            listOf("src/main" to "com.crewseal.app", "../crewseal/src/main" to "com.crewseal.android")
        val inManifests = manifests.flatMap { (module, home) ->
            val manifest = parsed(File("$module/AndroidManifest.xml"))
            listOf("application", "activity", "service").flatMap { manifest.tagged(it) }
                .map { it.getAttribute("android:name") }
                .filter { it.isNotEmpty() }
                .map { if (it.startsWith(".")) home + it else it }
        }
        val inLayouts = requireNotNull(File("src/main/res/layout").listFiles()).map(::parsed)
            .flatMap { it.tagged("*") + it }
            .map { it.tagName }
            .filter { "." in it }
        assertTrue(inManifests.size >= 7 && inLayouts.size >= 4)
        for (name in inManifests + inLayouts) Class.forName(name, false, javaClass.classLoader)
    }

    private companion object {
        /** What is the same in Chinese. */
        val UNTRANSLATED = setOf("app_name", "tally", "job_row")
    }
}
