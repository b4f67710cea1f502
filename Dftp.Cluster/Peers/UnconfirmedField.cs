using System.Globalization;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;

namespace Dftp.Cluster.Peers;

/// <summary>
/// The field of greetings and responses for the places that their sender cannot read: a line for each, with the unix time since when, a
/// space, and the path. Legacy nodes neither send nor read it.
/// </summary>
internal static class UnconfirmedField
{
    public static string Write(IReadOnlyList<UnconfirmedPlace> places) =>
        string.Join('\n', places.Select(place => string.Create(CultureInfo.InvariantCulture, $"{place.Since.Seconds} {place.Path}")));

    /// <returns>At most <see cref="UnconfirmedPlaces.MaxNamed"/> places. A malformed line counts as the whole tree.</returns>
    public static IReadOnlyList<UnconfirmedPlace> Read(string? text) =>
        string.IsNullOrEmpty(text) ? [] : UnconfirmedPlaces.Few([.. text.Split('\n').Take(UnconfirmedPlaces.MaxNamed).Select(ReadLine)]);

    private static UnconfirmedPlace ReadLine(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        long.TryParse(line.AsSpan(0, Math.Max(space, 0)), NumberStyles.None, CultureInfo.InvariantCulture, out var since);
        // A path without its leading slash is malformed.
        return line.AsSpan(space + 1) is ['/', ..] text && VirtualPath.TryParse(text, out var path)
            ? new UnconfirmedPlace(path, UnixTime.FromSeconds(since))
            : new UnconfirmedPlace(VirtualPath.Root, UnixTime.FromSeconds(since));
    }
}
