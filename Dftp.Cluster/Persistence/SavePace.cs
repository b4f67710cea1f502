namespace Dftp.Cluster.Persistence;

/// <summary>The pauses between writes, so that a tree that changes all the time does not wear out the disk.</summary>
internal sealed class SavePace
{
    /// <summary>The shortest pause between two saves. After a crash, peers send what is missing.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause after failures: a disk that is full or read-only may be repaired at any time.</summary>
    private static readonly TimeSpan LongestAfterFailures = TimeSpan.FromHours(1);

    /// <summary>The average write rate in bytes a second: a tenth of what wears out a small disk.</summary>
    private const long WriteRate = 200_000;

    private int _failures;

    /// <summary>Computes the pause after a write.</summary>
    /// <param name="bytes">The bytes that were written, whether or not the file was kept.</param>
    /// <param name="isKept">Whether the write succeeded; otherwise the pause doubles with each failure.</param>
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
