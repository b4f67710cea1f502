namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Entries that are left out for one reason.</summary>
/// <param name="Reason">The reason, as words that follow a number.</param>
/// <param name="Count">The number of entries.</param>
/// <param name="Examples">A few paths beneath the root directory.</param>
public sealed record SkippedPlaces(string Reason, long Count, IReadOnlyList<string> Examples);
