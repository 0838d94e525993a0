package com.crewseal.android

import com.crewseal.CrewException
import com.crewseal.Language
import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class TextsTest {
    @Test
    fun `an error has its own text, and what is none counts as a fault in the app`() {
        assertEquals("error_offline", keyOf(CrewException.Offline(null)))
        assertEquals("error_fault", keyOf(IllegalStateException("closed")))
    }

    @Test
    fun `the texts of errors are among the resources under their names`() {
        val texts = File("src/main/res/values/crewseal_texts.xml").readText()
        val failures = listOf(CrewException.Offline(null), CrewException.KeysGone(), CrewException.Fault())
        for (failure in failures) {
            assertTrue(texts.contains("name=\"${nameOf(failure.textKey())}\""))
        }
    }

    @Test
    fun `four words are in the language of the screen`() {
        assertEquals(Language.CHINESE, wordsLanguage("zh"))
        for (other in listOf("en", "de", "")) assertEquals(Language.ENGLISH, wordsLanguage(other))
    }
}
