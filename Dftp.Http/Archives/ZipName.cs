using System.Text.RegularExpressions;

namespace Dftp.Http.Archives;

/// <summary>Names in a ZIP archive, which Windows reads with a backslash as a slash, and <c>..\</c> as the way out of the directory.</summary>
internal static partial class ZipName
{
    /// <summary>
    /// A backslash is written <c>%5C</c>, and the percent signs of the same name <c>%25</c>. A name without a backslash stays as it is, unless it
    /// could be taken for one that was written so. So two names never become one, whatever lies beside them.
    /// </summary>
    /// <param name="path">Names with slashes between them; each counts for itself.</param>
    public static string Of(string path)
    {
        if (!path.Contains('\\', StringComparison.Ordinal) && !path.Contains("5C", StringComparison.Ordinal)) return path;
        return string.Join('/', path.Split('/').Select(name => LooksEscaped().IsMatch(name)
            ? name.Replace("%", "%25", StringComparison.Ordinal).Replace("\\", "%5C", StringComparison.Ordinal)
            : name));
    }

    [GeneratedRegex(@"\\|%(?:25)*5C", RegexOptions.CultureInvariant)]
    private static partial Regex LooksEscaped();
}
