namespace Dftp.Node.CommandLine;

/// <summary>Guesses what a mistyped name was to be.</summary>
internal static class NearestName
{
    private const int MostEdits = 2;

    /// <summary>Such as <c> (did you mean --dfsroot?)</c>, or empty when nothing is near.</summary>
    /// <param name="name">What was given.</param>
    /// <param name="names">What it can have been meant to be.</param>
    /// <param name="prefix">What the user writes before a name.</param>
    public static string Suggest(string name, IEnumerable<string> names, string prefix)
    {
        var nearest = names.MinBy(known => Edits(name, known));
        return nearest is not null && Edits(name, nearest) <= MostEdits ? $" (did you mean {prefix}{nearest}?)" : "";
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Edits(string from, string to)
    {
        // No name is near a text of this length, which the user may have made as long as an argument can be.
        if (Math.Abs(from.Length - to.Length) > MostEdits) return int.MaxValue;
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var substituted = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
