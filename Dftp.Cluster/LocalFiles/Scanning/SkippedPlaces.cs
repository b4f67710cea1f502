namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>Entries that were left out for one reason.</summary>
/// <param name="Reason">Words that stand behind a number.</param>
/// <param name="Count">How many.</param>
/// <param name="Examples">A few paths beneath the root directory.</param>
public sealed record SkippedPlaces(string Reason, long Count, IReadOnlyList<string> Examples);
