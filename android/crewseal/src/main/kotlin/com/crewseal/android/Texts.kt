package com.crewseal.android

import android.annotation.SuppressLint
import android.content.res.Resources
import com.crewseal.CrewException
import com.crewseal.Language

/**
 * What to show for a key that a value of the core has, as `CrewException.textKey` and
 * `FindingKind.textKey`, in the language of the phone.
 */
public class Texts(private val resources: Resources, private val packageName: String) {
    /** The text of a key; of one that is newer than the texts, the key itself. */
    // There is no list of keys here that would have to be kept: res/raw/crewseal_keep.xml keeps the texts.
    @SuppressLint("DiscouragedApi")
    public fun of(key: String): CharSequence {
        val id = resources.getIdentifier(nameOf(key), "string", packageName)
        return if (id == 0) key else resources.getText(id)
    }

    /** What to show when something failed: an error of the core, or anything else. */
    public fun of(failure: Throwable): CharSequence = of(keyOf(failure))
}

/** The name of a key's text among the resources. */
internal fun nameOf(key: String): String = "crewseal_$key"

/** The key of what failed; what is no error of the core is a fault in the app. */
internal fun keyOf(failure: Throwable): String =
    (failure as? CrewException)?.textKey() ?: CrewException.Fault().textKey()

/** The language of the four words, for that of the screen. */
public fun wordsLanguage(language: String): Language =
    if (language == "zh") Language.CHINESE else Language.ENGLISH
