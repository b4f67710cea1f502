namespace Dftp.Cluster.Persistence;

/// <summary>How long nothing is written after a write, so that a tree that changes all the time does not wear out the disk.</summary>
internal sealed class SavePace
{
    /// <summary>The shortest pause between two saves. Peers send again what a crash loses.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMinutes(1);

    /// <summary>A disk that is full or may not be written may be mended any time, which is to be found within this one.</summary>
    private static readonly TimeSpan LongestAfterFailures = TimeSpan.FromHours(1);

    /// <summary>Bytes a second, in the long run: a tenth of what wears out a small disk.</summary>
    private const long WriteRate = 200_000;

    private int _failures;

    /// <summary>The pause after a write.</summary>
    /// <param name="bytes">What was given to the disk, kept or not.</param>
    /// <param name="isKept">Whether the write was done; otherwise the pause is twice as long with each that fails after it.</param>
    public TimeSpan After(long bytes, bool isKept)
    {
        var pause = TimeSpan.FromSeconds(Math.Max(ShortestPause.TotalSeconds, (double)bytes / WriteRate));
        if (isKept)
        {
            _failures = 0;
            return pause;
        }

        var longest = pause > LongestAfterFailures ? pause : LongestAfterFailures;
        for (var failure = 0; failure < _failures && pause < longest; failure++) pause *= 2;
        _failures++;
        return pause < longest ? pause : longest;
    }
}
