using System.IO.Enumeration;

namespace Dftp.Node.Commands;

/// <summary>
/// A pattern for names, or for paths if it has a slash. Case does not matter; <c>*</c> matches any characters, slashes
/// too, and <c>?</c> for one; without either it matches what contains it. A path's pattern can begin at any slash.
/// </summary>
internal sealed class PathPattern
{
    private readonly string _pattern;
    private readonly bool _isForPaths;
    private readonly bool _hasWildcard;

    public PathPattern(string pattern)
    {
        _isForPaths = pattern.Contains('/', StringComparison.Ordinal);
        _hasWildcard = pattern.AsSpan().IndexOfAny('*', '?') >= 0;
        ForSearch = _isForPaths ? null : ForNames(pattern, _hasWildcard);
        _pattern = _isForPaths && _hasWildcard && pattern[0] is not ('/' or '*') ? "*/" + pattern : pattern;
    }

    /// <summary>
    /// The pattern as the <c>name</c> of <c>GET /find/</c>; null for a path pattern, which <c>/find/</c> does not support.
    /// </summary>
    public string? ForSearch { get; }

    /// <param name="path">A file's path with a leading slash.</param>
    public bool Matches(string path)
    {
        var subject = _isForPaths ? path : path.AsSpan(path.LastIndexOf('/') + 1);
        return _hasWildcard
            ? FileSystemName.MatchesSimpleExpression(_pattern, subject, ignoreCase: true)
            : subject.Contains(_pattern, StringComparison.OrdinalIgnoreCase);
    }

    // In <c>/find/</c> brackets and backslashes are special, and any special character makes it a pattern for the whole name.
    private static string ForNames(string pattern, bool hasWildcard)
    {
        var escaped = pattern.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
        return hasWildcard ? escaped : $"*{escaped}*";
    }
}
