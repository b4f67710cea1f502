namespace Dftp.Node.CommandLine;

/// <summary>Suggests the intended name for a mistyped one.</summary>
internal static class NearestName
{
    private const int MostEdits = 2;

    /// <summary>A suggestion, for example <c> (did you mean --dfsroot?)</c>; empty when no name is near.</summary>
    /// <param name="name">The name that the user wrote.</param>
    /// <param name="names">The valid names.</param>
    /// <param name="prefix">The prefix of a name on the command line.</param>
    public static string Suggest(string name, IEnumerable<string> names, string prefix)
    {
        var nearest = names.MinBy(known => Edits(name, known));
        return nearest is not null && Edits(name, nearest) <= MostEdits ? $" (did you mean {prefix}{nearest}?)" : "";
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Edits(string from, string to)
    {
        // No name is near a longer text; an argument can be very long.
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
